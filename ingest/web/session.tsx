/** Who is signed in: kept for this tab alone, and gone with it. */
export type Session = { token: string };

const KEY = "amoisekai-gm";

export function openSession(): Session | undefined {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Session> | null;
    return found?.token ? { token: found.token } : undefined;
  } catch {
    return undefined;
  }
}
export const keepSession = (session: Session): void => sessionStorage.setItem(KEY, JSON.stringify(session));
export const endSession = (): void => sessionStorage.removeItem(KEY);
