/**
 * Replays the watch in the report's page with the gates' own code, and again with another limit. Text,
 * not a function, as {@link reportScript}. Stands where `data` and `run` are; defines `replayed`: the watch as
 * recorded, its series, and `whatIf`.
 */
export const replayScript = `
const replayed = (() => {
  const { words, decision } = data;
  const two = (n) => String(n).padStart(2, '0');
  const span = (s) => {
    s = Math.round(s);
    const m = Math.floor(s / 60);
    return m < 60 ? m + ':' + two(s % 60) : Math.floor(m / 60) + ':' + two(m % 60) + ':' + two(s % 60);
  };
  const play = (policy) => {
    const { history, ...last } = gates.replay(policy, run.samples, run.start);
    return { history, last };
  };
  const seconds = ({ at }) => (at - run.start.startedAt) / 1000;
  const asRecorded = play(run.policy);

  const series = (gate, { history }) => {
    const marks = [];
    let before = null;
    for (const assessment of history) {
      const to = assessment.gates[gate]?.verdict ?? before;
      // That a gate first passes is what is expected of it.
      if (to !== before && (to !== 'pass' || (before !== null && before !== 'pending')))
        marks.push({ seconds: seconds(assessment), to, label: words[to] });
      before = to;
    }
    return { x: history.map(seconds), y: history.map(({ gates }) => gates[gate]?.value ?? null), marks };
  };
  const brokeAt = (gate, { history }) => {
    const found = history.find(({ gates }) => gates[gate]?.verdict === 'break');
    return found === undefined ? null : seconds(found);
  };
  const ends = ({ last }) => (last.decision === 'continue' ? 'the record ends before a decision' : last.decision + ' at +' + span(seconds(last)));

  /** Another limit for one gate: what would have been, in a sentence, and the chart's series. */
  const whatIf = (gate, threshold) => {
    const other = play({ ...run.policy, gates: { ...run.policy.gates, [gate]: { ...run.policy.gates[gate], threshold } } });
    const was = brokeAt(gate, asRecorded);
    const would = brokeAt(gate, other);
    const moved =
      was === null || would === null || was === would ? '' : ', ' + span(Math.abs(was - would)) + (would < was ? ' earlier' : ' later');
    const broke =
      would === null ? 'would not have broken in what was recorded' : 'would have broken at +' + span(would) + moved;
    return { sentence: broke + '; the watch: ' + ends(other), decision: other.last.decision, series: series(gate, other) };
  };

  const note = document.getElementById('replayed');
  const same = asRecorded.last.decision === decision || asRecorded.last.decision === 'continue';
  note.textContent = same
    ? "Replayed in this page with the gates' own code: " + ends(asRecorded) + ', as on the record.'
    : "Replayed in this page with the gates' own code: " + ends(asRecorded) + '. The record says ' + decision + '.';
  note.hidden = false;
  return { asRecorded, series: (gate) => series(gate, asRecorded), whatIf };
})();
`;
