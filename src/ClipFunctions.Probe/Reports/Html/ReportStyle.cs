namespace ClipFunctions.Probe.Reports.Html;

/// <summary>The style sheet: the colours, radii and fonts of the page.</summary>
internal static class ReportStyle
{
    public const string Css = """

        :root {
          color-scheme: light dark;
          --ground: light-dark(#f5f5f1, #101416);
          --surface: light-dark(#ffffff, #181d20);
          --surface-sunken: light-dark(#f0f1ec, #1f2528);
          --text: light-dark(#182024, #e8eceb);
          --text-soft: light-dark(#56616a, #a3afb1);
          --line: light-dark(#dfe1da, #2b3438);
          --line-strong: light-dark(#868f8c, #6d7a7e);
          --accent: light-dark(#0b6e65, #62cdbd);
          --accent-soft: light-dark(#dcefeb, #16393a);
          --bar: light-dark(#8cc6bd, #2f7d75);
          --danger: light-dark(#a4262c, #ff9d97);
          --focus: light-dark(#0b57d0, #9cc4ff);
          --heat-low: light-dark(#f2f6f4, #1d2427);
          --heat-hit: light-dark(#07504a, #6fd9c9);
          --heat-miss: light-dark(#a4262c, #ff9d97);
          --shadow: 0 1px 2px light-dark(rgb(20 40 40 / 6%), rgb(0 0 0 / 40%)), 0 6px 20px light-dark(rgb(20 40 40 / 5%), rgb(0 0 0 / 25%));
          --radius: 14px;
          --radius-small: 9px;
          --gutter: clamp(12px, 3vw, 32px);
          --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
          --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace;
        }

        *, *::before, *::after { box-sizing: border-box; }
        html { text-size-adjust: 100%; -webkit-text-size-adjust: 100%; }
        body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 var(--sans); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        h1, h2, h3, p, ul, dl, dd, figure, pre { margin: 0; padding: 0; }
        ul { list-style: none; }
        h1 { font-size: clamp(1.7rem, 4vw, 2.4rem); line-height: 1.15; letter-spacing: -0.025em; overflow-wrap: anywhere; }
        h2 { font-size: 1.35rem; line-height: 1.25; letter-spacing: -0.015em; }
        h3 { font-size: 1rem; line-height: 1.35; }
        code { font: 0.875em var(--mono); }
        :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
        .unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        .hint { color: var(--text-soft); font-size: 0.875rem; line-height: 1.45; }

        .masthead, main, footer { max-inline-size: calc(1200px + 2 * var(--gutter)); margin-inline: auto; padding-inline: var(--gutter); }
        .masthead { display: grid; gap: 6px; padding-block: clamp(18px, 3vw, 32px) 0; }
        .brand { display: flex; align-items: center; gap: 10px; margin-block-end: clamp(12px, 2vw, 22px); font-weight: 600; }
        .brand span { color: var(--text-soft); font-weight: 400; }
        .kicker { color: var(--accent); font-weight: 600; }
        .meta { display: flex; flex-wrap: wrap; gap: 2px 16px; color: var(--text-soft); font-size: 0.875rem; overflow-wrap: anywhere; }
        main { display: grid; grid-template-columns: minmax(0, 1fr); gap: clamp(28px, 4vw, 44px); padding-block: clamp(18px, 3vw, 28px) 40px; }
        section { display: grid; grid-template-columns: minmax(0, 1fr); gap: 14px; }
        .card { min-inline-size: 0; padding: clamp(14px, 2vw, 22px); background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); box-shadow: var(--shadow); }
        .card > h3, figure > h3 { margin-block-end: 10px; }
        .card > h3 + .hint, figure > h3 + .hint { margin-block: -6px 14px; }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(250px, 100%), 1fr)); gap: 16px; }
        .halves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 16px; align-items: start; }
        .split { display: flex; flex-wrap: wrap; gap: 16px; align-items: start; }
        .split > * { flex: 1 1 330px; }
        .split > .wide { flex: 1 1 auto; }
        .split > * > .scroll > table { max-inline-size: 760px; }
        .scroll { overflow-x: auto; border-radius: var(--radius-small); }

        .headline { grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); gap: 24px clamp(24px, 5vw, 64px); align-items: center; }
        .headline h2 { font-size: 1rem; letter-spacing: 0; }
        .big { font-size: clamp(3rem, 9vw, 4.75rem); font-weight: 700; line-height: 1.05; letter-spacing: -0.045em; color: var(--accent); font-variant-numeric: tabular-nums; white-space: nowrap; }
        .interval { display: block; margin-block-start: 10px; overflow: visible; }
        .interval .track { fill: var(--surface-sunken); }
        .interval .fill { fill: var(--bar); }
        .interval .band { fill: var(--accent); }
        .interval .guess { stroke: var(--text-soft); stroke-width: 2; stroke-dasharray: 3 2; }
        .tiles { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; }
        .tiles > div { padding: 12px 14px; border-radius: var(--radius-small); background: var(--surface-sunken); }
        .tiles dt { font-size: 0.875rem; font-weight: 600; }
        .tiles > :last-child:nth-child(odd) { grid-column: 1 / -1; }
        .tile-value { font-size: 1.6rem; font-weight: 650; letter-spacing: -0.02em; line-height: 1.25; font-variant-numeric: tabular-nums; }

        .facts { display: grid; font-size: 0.925rem; }
        .facts > div { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 16px; padding-block: 5px; border-block-end: 1px solid var(--line); }
        .facts > div:last-child { border: 0; padding-block-end: 0; }
        .facts dt { color: var(--text-soft); }
        .facts dd { min-inline-size: 0; font-weight: 500; text-align: end; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
        .facts .code dd { inline-size: 100%; font-weight: 400; font-size: 0.85rem; line-height: 1.35; text-align: start; }
        .templates { display: grid; gap: 4px; margin-block-start: 8px; overflow-wrap: anywhere; }
        .templates code { padding: 0.1em 0.35em; border-radius: 5px; background: var(--surface-sunken); }

        svg { display: block; }
        svg text { font-family: var(--sans); unicode-bidi: isolate; }
        .end { text-anchor: end; }
        .middle, .inside { text-anchor: middle; }
        .chart { inline-size: 100%; block-size: auto; max-inline-size: 520px; margin-inline: auto; overflow: visible; }
        .label, .axis, .name { fill: var(--text-soft); font-size: 12px; }
        .axis { font-weight: 600; }
        .small { fill: var(--text-soft); font-size: 9.5px; }
        .strong { fill: var(--text); font-size: 13px; font-weight: 600; }
        .name { fill: var(--text); }
        .grid { stroke: var(--line); }
        .base, .tick { stroke: var(--line-strong); }
        .curve { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
        .point { fill: var(--accent); }
        .picked { fill: var(--surface); stroke: var(--accent); stroke-width: 3; }
        .chosen { stroke: var(--accent); stroke-dasharray: 4 3; }
        .diagonal { stroke: var(--text-soft); stroke-width: 1.5; stroke-dasharray: 5 4; }
        .bar { fill: var(--accent); }
        .too-sure { fill: var(--danger); fill-opacity: 0.28; stroke: var(--danger); stroke-width: 1; }
        .too-unsure { fill: var(--bar); stroke: var(--accent); stroke-width: 1; }
        .count { fill: var(--bar); }

        .heat-map .inside { font-size: 12px; font-variant-numeric: tabular-nums; }
        .no-heat { fill: var(--heat-low); }
        .hit { fill: var(--heat-hit); }
        .miss { fill: var(--heat-miss); }
        .pointed { fill: transparent; }
        .ink-bb { fill: #000000; }
        .ink-ww { fill: #ffffff; }
        .ink-bw { fill: light-dark(#000000, #ffffff); }
        .ink-wb { fill: light-dark(#ffffff, #000000); }
        .legend { display: flex; flex-wrap: wrap; gap: 6px 28px; margin-block-start: 14px; color: var(--text-soft); font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
        .legend > div, .legend dd { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; }
        .legend dd { gap: 5px; white-space: nowrap; }
        .swatch { border-radius: 3px; }
        .key-accuracy, .key-too-sure, .key-too-unsure { inline-size: 14px; block-size: 14px; border-radius: 3px; background: var(--accent); }
        .key-too-unsure { background: var(--bar); border: 1px solid var(--accent); }
        .key-too-sure { background: color-mix(in srgb, var(--danger) 28%, transparent); border: 1px solid var(--danger); }

        .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(380px, 100%), 1fr)); gap: 24px 40px; }
        .bars { font-size: 0.875rem; }
        .bars.two { columns: 2 380px; column-gap: 40px; }
        .bars li { display: grid; grid-template-columns: minmax(0, 8.5em) minmax(0, 1fr) 4.4em; align-items: center; gap: 10px; padding-block: 3px; break-inside: avoid; }
        .bar-label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .bar-track { block-size: 10px; border-radius: 5px; background: var(--surface-sunken); overflow: hidden; }
        .bar-fill { display: block; block-size: 100%; border-radius: 5px; background: var(--accent); }
        .bar-value { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums; }

        table { inline-size: 100%; border-collapse: collapse; font-size: 0.875rem; }
        th, td { padding: 6px 12px 6px 0; border-block-end: 1px solid var(--line); text-align: start; vertical-align: top; overflow-wrap: anywhere; min-inline-size: 6em; unicode-bidi: isolate; }
        thead th { color: var(--text-soft); font-weight: 600; white-space: nowrap; }
        tbody th { font-weight: 500; }
        tbody tr:last-child > * { border: 0; }
        th:last-child, td:last-child { padding-inline-end: 0; }
        .number { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums; min-inline-size: 0; }

        details { margin-block-start: 14px; }
        summary { inline-size: fit-content; padding: 8px 0; color: var(--accent); font-weight: 600; font-size: 0.925rem; cursor: pointer; }
        summary:hover { text-decoration: underline; text-underline-offset: 3px; }

        .pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(150px, calc(50% - 6px)), 1fr)); gap: 12px; }
        .picture { padding: 0; overflow: hidden; break-inside: avoid; }
        .frame { position: relative; display: grid; place-items: center; aspect-ratio: 1; background: var(--surface-sunken); }
        .frame img { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover; }
        .badge { position: absolute; inset-block-start: 8px; inset-inline-end: 8px; padding: 1px 8px; border-radius: 999px; background: rgb(8 18 18 / 78%); color: #ffffff; font-size: 0.8125rem; font-weight: 600; font-variant-numeric: tabular-nums; }
        .caption { padding: 10px 12px 12px; font-size: 0.875rem; overflow-wrap: anywhere; }
        .named { font-weight: 600; color: var(--accent); }
        .wrong { color: var(--danger); }
        .file { overflow: hidden; color: var(--text-soft); font-size: 0.75rem; text-overflow: ellipsis; white-space: nowrap; }

        pre { padding: 12px 14px; border-radius: var(--radius-small); background: var(--surface-sunken); overflow-x: auto; line-height: 1.5; }
        pre code { user-select: all; }
        pre + h3 { margin-block: 18px 10px; }
        footer { padding-block: 0 32px; color: var(--text-soft); font-size: 0.875rem; }

        @media (max-width: 760px) {
          .headline { grid-template-columns: minmax(0, 1fr); }
        }

        @media (max-width: 480px) {
          .chart .label, .chart .axis { font-size: 15px; }
          .chart .strong { font-size: 16px; }
          .chart .small { font-size: 11px; }
          th, td { padding-inline-end: 8px; }
        }

        @media (max-width: 400px) {
          .tiles > div { padding: 10px; }
          .bars li { grid-template-columns: minmax(0, 7em) minmax(0, 1fr) 4em; }
        }

        @media print {
          :root { color-scheme: light; --shadow: none; --ground: #ffffff; }
          body { font-size: 10pt; }
          h2, h3 { break-after: avoid; }
          .headline, .cards > .card, .halves > .card { break-inside: avoid; }
          .scroll, pre { overflow: visible; }
          .heat-map { max-inline-size: 100%; block-size: auto; }
          pre { white-space: pre-wrap; overflow-wrap: anywhere; }
          details::details-content { block-size: auto; content-visibility: visible; }
        }

        """;
}
