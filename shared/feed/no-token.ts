/**
 * Whether a client means "no token": it says so by leaving it out, or by what its language makes of nothing in a URL. A token
 * has two dots, so none of these is one.
 */
export const isNoToken = (token: string | null | undefined): token is null | undefined | "" =>
  token === null || token === undefined || /^(?:|null|undefined|none|nil)$/i.test(token.trim());
