import { LitElement } from 'lit';
import { Shell } from './shell.ts';

/** The one shell of this page. */
export const shell = new Shell();

/** An element that is drawn anew when the shell changes. */
export abstract class ShellElement extends LitElement {
  #unwatch: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unwatch = shell.watch(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unwatch?.();
  }
}
