import { describe, expect, it } from 'vitest';
import { scenes } from './support/simulated-service.ts';
import { simulateScene } from './support/simulation.ts';

// The table of the README in the small: what happens to the series changes no decision.
describe.each(scenes)('$title', (scene) => {
  const run = (share: number, runs: number) =>
    simulateScene(scene, { perMinute: 100, share, runs, seed: 31 });

  it('rolls back no release that is as good as it should be', () => {
    const { ours, flagger } = run(0.03, 60);
    expect(ours.rolledBack).toBe(0);
    expect(ours.promoted).toBe(1);
    expect(flagger.rolledBack).toBeGreaterThan(0.3);
  });

  it('finds one that fails a fifth within two polls of the first that can be judged', () => {
    const { ours, argo, flagger } = run(0.2, 20);
    expect(ours.rolledBack).toBe(1);
    expect(ours.medianSecond).toBeLessThanOrEqual(120);
    for (const peer of [argo, flagger])
      expect(peer.medianSecond).toBeGreaterThan(ours.medianSecond ?? Infinity);
  });

  it('promotes none that fails 8 %', () => {
    expect(run(0.08, 20).ours.promoted).toBe(0);
  });
});
