// One sound for each answer, so that the guard need not look: a high one, two level ones, a low one, three.

const TONES = {
  admit: [[1046, 0, 0.16]],
  hold: [[587, 0, 0.18], [587, 0.26, 0.18]],
  refuse: [[196, 0, 0.7]],
  refer: [[392, 0, 0.16], [392, 0.22, 0.16], [392, 0.44, 0.3]],
};
let context = null;

// A browser lets a page sound only after it was touched once.
export function wake() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
}

export function sound(outcome) {
  if (!context) return;
  for (const [pitch, after, length] of TONES[outcome] ?? []) {
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    const from = context.currentTime + after;
    tone.type = outcome === "refuse" ? "square" : "sine";
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.5, from);
    volume.gain.exponentialRampToValueAtTime(0.01, from + length);
    tone.connect(volume).connect(context.destination);
    tone.start(from);
    tone.stop(from + length);
  }
}
