/** Who is signed in, which realm, and which of the desks is open. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { Api, type Realm, type Refusal } from "./api.ts";
import { ProblemNote } from "./notes.tsx";
import { endSession, keepSession, openSession, type Session } from "./session.tsx";
import { SignIn } from "./sign-in.tsx";
import { QuarantineDesk } from "./views/quarantine.tsx";
import { RealmDesk } from "./views/realm.tsx";
import { RulesetDesk } from "./views/rulesets.tsx";
import { SovereignDesk } from "./views/sovereign.tsx";

const DESKS = {
  quarantine: { name: "Quarantine", view: QuarantineDesk },
  rulesets: { name: "Rulesets", view: RulesetDesk },
  realm: { name: "Realm", view: RealmDesk },
  sovereign: { name: "Sovereign", view: SovereignDesk },
} as const;
type Desk = keyof typeof DESKS;

export function GameMaster() {
  const [session, setSession] = useState(openSession);
  const [refused, setRefused] = useState<Refusal>();
  const signIn = (given: Session) => {
    keepSession(given);
    setRefused(undefined);
    setSession(given);
  };
  const signOut = (why?: Refusal) => {
    endSession();
    setRefused(why);
    setSession(undefined);
  };
  if (session === undefined) return <SignIn onSignIn={signIn} refused={refused} />;
  return <Desks session={session} onSignOut={signOut} />;
}

function Desks({ session, onSignOut }: { session: Session; onSignOut: (why?: Refusal) => void }) {
  const api = useMemo(() => new Api(session.token, session.actor), [session]);
  const [realms, setRealms] = useState<Realm[]>();
  const [realm, setRealm] = useState<string>();
  const [problem, setProblem] = useState<Refusal>();
  const desk = useHash();
  useEffect(() => {
    api.realms().then(
      (found) => {
        setRealms(found);
        setRealm(found[0]?.realm_id);
      },
      (why: Refusal) => (why.status === 401 ? onSignOut(why) : setProblem(why)),
    );
  }, [api]);
  const { view: View, name } = DESKS[desk];
  return (
    <>
      <header class="masthead">
        <div>
          <p class="eyebrow">Amoisekai · game master</p>
          <h1>{name}</h1>
        </div>
        <nav aria-label="Desks">
          {(Object.keys(DESKS) as Desk[]).map((id) => (
            <a key={id} class="button" href={`#${id}`} aria-current={id === desk ? "page" : undefined}>
              {DESKS[id].name}
            </a>
          ))}
        </nav>
        <div class="who">
          {realms !== undefined && realms.length > 1 ? (
            <label>
              <span class="unseen">Realm</span>
              <select value={realm ?? ""} onChange={(event) => setRealm(event.currentTarget.value)}>
                {realms.map(({ realm_id, name: called }) => (
                  <option key={realm_id} value={realm_id}>
                    {called} ({realm_id})
                  </option>
                ))}
              </select>
            </label>
          ) : (
            <span class="mono">{realm}</span>
          )}
          <button type="button" onClick={() => onSignOut()}>
            Sign out {session.actor}
          </button>
        </div>
      </header>
      <main>
        {problem !== undefined && <ProblemNote problem={problem} />}
        {realm !== undefined && <View key={realm} api={api} realm={realm} />}
        {realms?.length === 0 && <p class="card">No realm is provisioned yet.</p>}
      </main>
    </>
  );
}

/** The open desk is in the address, so that it survives a reload and can be sent to a colleague. */
function useHash(): Desk {
  const read = (): Desk => {
    const hash = location.hash.slice(1);
    return Object.hasOwn(DESKS, hash) ? (hash as Desk) : "quarantine";
  };
  const [desk, setDesk] = useState(read);
  useEffect(() => {
    const listen = () => setDesk(read());
    addEventListener("hashchange", listen);
    return () => removeEventListener("hashchange", listen);
  }, []);
  return desk;
}
