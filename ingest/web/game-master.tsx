/** Who is signed in, which realm, and which of the desks is open. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { Boundary } from "../../shared/web/boundary.tsx";
import { Api, type Caller, type Realm, type Refusal } from "./api.ts";
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
  const api = useMemo(() => new Api(session.token), [session]);
  const [caller, setCaller] = useState<Caller>();
  const [realms, setRealms] = useState<Realm[]>();
  const [realm, setRealm] = useState<string>();
  const [problem, setProblem] = useState<Refusal>();
  const desk = useHash();
  useEffect(() => {
    const found = async () => {
      const known = await api.caller();
      setCaller(known);
      const open = await realmsFor(api, known);
      setRealms(open);
      setRealm(open[0]?.realm_id);
    };
    found().catch((why: Refusal) => (why.status === 401 ? onSignOut(why) : setProblem(why)));
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
            Sign out {caller?.name}
          </button>
        </div>
      </header>
      <main>
        {problem !== undefined && <ProblemNote problem={problem} />}
        {problem?.status === 403 && <RealmField onChosen={(chosen) => setRealm(chosen)} />}
        {caller !== undefined && <Lacking caller={caller} />}
        {realm !== undefined && (
          <Boundary key={`${desk} ${realm}`} part={name} attempt={caller}>
            <View key={realm} api={api} realm={realm} />
          </Boundary>
        )}
        {realms?.length === 0 && <p class="card">No realm is provisioned yet.</p>}
      </main>
    </>
  );
}

/** What these desks need. */
const NEEDED = { read: "look at realms and rulesets", review: "review the quarantine", operate: "command" };

/** What the token is not for, before anybody runs into it. */
function Lacking({ caller: { name, scopes } }: { caller: Caller }) {
  const lacking = Object.entries(NEEDED).filter(([scope]) => !scopes.includes(scope));
  if (lacking.length === 0) return null;
  return (
    <p class="note" role="note">
      The token {name} lacks{" "}
      {lacking.map(([scope, what], i) => (
        <span key={scope}>
          {i > 0 && ", "}
          <code>{scope}</code> (to {what})
        </span>
      ))}
      : what needs it is refused.
    </p>
  );
}

/** For a token that may not list the realms. */
function RealmField({ onChosen }: { onChosen: (realm: string) => void }) {
  const [typed, setTyped] = useState("");
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        onChosen(typed);
      }}
    >
      <label>
        Realm
        <input value={typed} onInput={(event) => setTyped(event.currentTarget.value)} required />
      </label>
      <button type="submit">Open</button>
    </form>
  );
}

/** The realms to choose from: a token that may not list them has some of its own, maybe. */
async function realmsFor(api: Api, { realms, scopes }: Caller): Promise<Realm[]> {
  if (realms === undefined || scopes.includes("read")) return api.realms();
  return realms.map((realm_id) => ({ realm_id, name: realm_id }));
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
