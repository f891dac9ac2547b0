/** Asks for a token of the internal API; reviews and commands go into the log under its name. */
import { useState } from "preact/hooks";
import type { Refusal } from "./api.ts";
import type { Session } from "./session.tsx";

export function SignIn({
  onSignIn,
  refused,
}: {
  onSignIn: (session: Session) => void;
  refused: Refusal | undefined;
}) {
  const [token, setToken] = useState("");
  return (
    <main class="sign-in">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          onSignIn({ token });
        }}
      >
        <p class="eyebrow">Amoisekai</p>
        <h1>The game master's desk</h1>
        <p class="quiet">
          What is done here goes into the realm's log under the name of your token, for good.
        </p>
        <label>
          Your token
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
