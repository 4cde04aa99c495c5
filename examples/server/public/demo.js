// The frame of the demo: become somebody else, and watch what the page asks.
const MOST_LINES = 200;
const people = document.getElementById('people');
const page = document.getElementById('page');
const lines = document.getElementById('lines');
const requests = document.getElementById('requests');
const watch = document.getElementById('watch');

const { people: all, current } = await (await fetch('demo/people')).json();
for (const { id, says } of all) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = id[0].toUpperCase() + id.slice(1);
  button.title = says;
  button.setAttribute('aria-pressed', String(id === current));
  button.addEventListener('click', async () => {
    await fetch(`demo/become/${id}`);
    for (const other of people.children)
      other.setAttribute('aria-pressed', String(other === button));
    page.contentWindow.location.reload();
  });
  people.append(button);
}

watch.addEventListener('click', () => {
  requests.hidden = !requests.hidden;
  watch.setAttribute('aria-expanded', String(!requests.hidden));
});

// What the answers to the page say in Server-Timing, as a browser reads it.
const cost = { calls: 0, hits: 0 };
const count = (entries) => {
  for (const { serverTiming } of entries) {
    const said = Object.fromEntries(
      serverTiming.map(({ name, description }) => [name, description]),
    );
    cost.calls += Number(said.s3 ?? 0);
    if (said.cache === 'hit') cost.hits += 1;
  }
  const times = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`;
  document.getElementById('cost').textContent =
    `${times(cost.calls, 'storage call')}, ${times(cost.hits, 'answer')} from the cache`;
};
const observe = () => {
  cost.calls = 0;
  cost.hits = 0;
  const { PerformanceObserver: Observer } = page.contentWindow;
  const observer = new Observer((list) => count(list.getEntries()));
  observer.observe({ type: 'resource', buffered: true });
};
page.addEventListener('load', observe);
if (page.contentDocument?.readyState === 'complete') observe();

new EventSource('demo/requests').addEventListener('message', ({ data }) => {
  const event = JSON.parse(data);
  const row = document.createElement('tr');
  if (event.status >= 400) row.className = 'refused';
  const cached = event.storageCalls === 0 && event.status === 200 ? ' (cache)' : '';
  const cells = [
    event.principal?.id ?? 'nobody',
    event.operation ?? event.verb,
    `/${event.path ?? ''}`,
    `${event.status}${event.reason === null ? '' : ` ${event.reason}`}`,
    `${event.storageCalls}${cached}`,
    `${Math.round(event.durationMs)} ms`,
  ];
  row.append(
    ...cells.map((text, index) => {
      const cell = document.createElement('td');
      cell.textContent = text;
      if (index > 3) cell.className = 'number';
      return cell;
    }),
  );
  lines.prepend(row);
  while (lines.children.length > MOST_LINES) lines.lastElementChild.remove();
});
