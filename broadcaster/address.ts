/** Whose request it is: what is counted by address is counted by this. */
import type { HttpResponse } from "uWebSockets.js";

export const addressOf = (res: HttpResponse): string => Buffer.from(res.getRemoteAddressAsText()).toString();
