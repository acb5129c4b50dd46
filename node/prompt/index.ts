/** Commands typed one after another: words, completion, the prompt. Not here: the commands, which run as processes of their own. */
export * from './completion.ts';
export * from './prompt.ts';
