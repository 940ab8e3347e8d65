"""The look of a run's page: light and dark, wide screens and telephones."""

STYLE = """
:root { --ground: #fff; --ink: #1f2328; --soft: #59636e; --line: #d5dae0; --panel: #f4f6f8;
  --mark: 37, 99, 201; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171a; --ink: #e4e7ea; --soft: #9aa4ae; --line: #343b42; --panel: #1e2327;
    --mark: 92, 150, 245; }
  .plots img { filter: invert(.92) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; color: var(--ink);
  background: var(--ground); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { margin: 0 0 .5rem; font-size: 1.7rem; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.2rem; }
p, figcaption, small { color: var(--soft); }
p { margin: .5rem 0; max-width: 44rem; }
pre { margin: .75rem 0; padding: .6rem .8rem; border-radius: 6px; background: var(--panel);
  font: .85rem/1.5 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
figure { margin: 0; }
figcaption { margin-top: .5rem; max-width: 44rem; font-size: .92rem; }
img { max-width: 100%; height: auto; display: block; }
.sheet img, .thumb img { image-rendering: pixelated; border-radius: 3px; }
.row { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); }
.thumb img { width: 100%; }
.thumb figcaption { margin-top: .25rem; text-align: center; font-variant-numeric: tabular-nums; }
.cards { display: grid; gap: .75rem; margin: 1.5rem 0 0;
  grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); }
.cards div { padding: .75rem 1rem; border: 1px solid var(--line); border-radius: 8px; }
.cards b { display: block; font-size: 1.6rem; line-height: 1.2; }
.cards span, .cards small { display: block; }
.cards small { line-height: 1.35; margin-top: .2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th { text-align: left; font-weight: 600; }
td, th { padding: .35rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; }
th small { display: block; font-weight: 400; }
thead th { color: var(--soft); font-weight: 500; white-space: nowrap; }
.metrics th:first-child { padding-left: 0; max-width: 30rem; }
.metrics td { white-space: nowrap; overflow-wrap: normal; font-variant-numeric: tabular-nums; }
.confusion { text-align: center; font-variant-numeric: tabular-nums; }
.confusion th { text-align: center; color: var(--soft); font-weight: 500; border: 0; }
.confusion td { white-space: nowrap; min-width: 3rem; border: 2px solid var(--ground);
  background: rgba(var(--mark), calc(var(--share) * .6)); }
.confusion .hit { outline: 1px solid var(--soft); outline-offset: -2px; }
@media (max-width: 40rem) {
  td, th { padding: .3rem .35rem; }
  .confusion { font-size: .72rem; }
  .confusion td { min-width: 0; padding: .35rem .2rem; width: 9%; }
  .metrics td { white-space: normal; }
}
.plots { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); }
.plots img { width: 100%; border-radius: 6px; }
audio { display: block; width: 11rem; height: 2rem; }
details { margin-top: 1.5rem; border-top: 1px solid var(--line); padding-top: .75rem; }
summary { cursor: pointer; font-size: 1.2rem; font-weight: 600; }
details table { margin-top: .75rem; }
"""
