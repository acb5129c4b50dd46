/** How `openAlong` takes failures. */
export interface BuildPolicy {
  readonly tries?: number;
  /** Each try goes by the same hops: after a silence none is made, as the same dead hop would be waited for again. */
  readonly isFixed?: boolean;
  /** A failed build counts against its hops. Not where the user chose them: the same dead hop would count against all others each time. */
  readonly flagsHops?: boolean;
  /** Given up when one try takes much longer than others took lately; where tries fail for another reason all but the last are like that. */
  readonly isHasty?: boolean;
}

/** Of one build. */
export interface BuildOptions extends Pick<BuildPolicy, 'flagsHops' | 'isHasty'> {
  readonly signal?: AbortSignal | undefined;
}
