import "../../shared/web/base.css";

document.title = "x";
