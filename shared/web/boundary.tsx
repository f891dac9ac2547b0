/** An error boundary: a part of the page that fails says so in its own place, and the rest of the page goes on. */
import { Component, type ComponentChildren } from "preact";

type Props = {
  /** The part, for a person: "Standings". */
  part: string;
  /** The part is drawn again whenever this value changes, such as the tick. */
  attempt: unknown;
  children: ComponentChildren;
};
type State = { message: string | undefined };

export class Boundary extends Component<Props, State> {
  override state: State = { message: undefined };

  static override getDerivedStateFromError(error: unknown): State {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override componentDidCatch(error: unknown): void {
    console.error(`${this.props.part} can't be drawn:`, error);
  }

  override componentDidUpdate(before: Props): void {
    if (this.state.message !== undefined && before.attempt !== this.props.attempt)
      this.setState({ message: undefined });
  }

  override render({ part, children }: Props, { message }: State) {
    if (message === undefined) return children;
    return (
      <section class="card failed" role="alert">
        <h2>{part}</h2>
        <p>This part of the page failed: {message}. The page draws it again when something changes.</p>
      </section>
    );
  }
}
