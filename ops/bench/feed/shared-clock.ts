/** Milliseconds on a clock that all processes of this machine share. */
export const sharedMs = (): number => performance.timeOrigin + performance.now();
