/** Asks for the internal token, and for the name under which reviews and commands go into the log. */
import { useState } from "preact/hooks";
import type { Refusal } from "./api.ts";
import type { Session } from "./session.tsx";

/** As the API takes it: `AccountId`. */
const NAME = "[A-Za-z0-9][A-Za-z0-9_\\-]{0,63}";

export function SignIn({
  onSignIn,
  refused,
}: {
  onSignIn: (session: Session) => void;
  refused: Refusal | undefined;
}) {
  const [token, setToken] = useState("");
  const [actor, setActor] = useState("");
  return (
    <main class="sign-in">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          onSignIn({ token, actor });
        }}
      >
        <p class="eyebrow">Amoisekai</p>
        <h1>The game master's desk</h1>
        <p class="quiet">What is done here goes into the realm's log under your name, for good.</p>
        <label>
          Your name
          <input
            name="actor"
            value={actor}
            onInput={(event) => setActor(event.currentTarget.value)}
            pattern={NAME}
            title="Letters, digits, - and _; at most 64"
            autocomplete="username"
            required
          />
        </label>
        <label>
          Internal token
          <input
            name="token"
            type="password"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
            autocomplete="off"
            required
          />
        </label>
        {refused !== undefined && (
          <p class="note bad" role="alert">
            The token was refused: {refused.message}.
          </p>
        )}
        <button type="submit" class="main">
          Open the desk
        </button>
        <p class="quiet">The token stays in this tab and goes with it.</p>
      </form>
    </main>
  );
}
