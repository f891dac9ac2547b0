/** Where the realm stands, for the desks that act on it. */
import { useCallback, useEffect, useState } from "preact/hooks";
import type { Api, Standing } from "./api.ts";

/** The log is asked again so often while a desk is open, ms. */
const LOOK_MS = 5_000;

export function useStanding(
  api: Api,
  realm: string,
): { standing: Standing | undefined; look: () => Promise<void> } {
  const [standing, setStanding] = useState<Standing>();
  const look = useCallback(async () => {
    // What an act answers says more about a failure than this would.
    const found = await api.standing(realm).catch(() => undefined);
    if (found !== undefined) setStanding(found);
  }, [api, realm]);
  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => clearInterval(timer);
  }, [look]);
  return { standing, look };
}
