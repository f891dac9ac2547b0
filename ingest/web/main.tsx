/** The game master's page: everything it shows and does goes through the internal API, with the token of the game master who signed in. */
import { render } from "preact";
import "../../shared/web/base.css";
import "../../shared/web/hatching.css";
import "./gm.css";
import { GameMaster } from "./game-master.tsx";

render(<GameMaster />, document.getElementById("page")!);
