//! The style sheet. The matrix takes the width of the window and shares it out to its columns, so that all laws are in view at once:
//! a hundred of them in 1440 pixels have 11 each. Text keeps the width that is read well.

pub const SHEET: &str = "
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; }
p { max-width: 50rem; margin: .3rem 0 .8rem; } .figures { font-size: 1.1rem; }
table { border-collapse: collapse; font-size: .85rem; } th { text-align: left; font-weight: 600; }
td, th { padding: .12rem .6rem .12rem 0; vertical-align: bottom; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.good { color: #1c7c3c; } .bad { color: #b3261e; font-weight: 600; }
.whole { width: calc(100vw - 4rem); margin-left: calc(50% - 50vw + 2rem); overflow-x: auto; }
.matrix { table-layout: fixed; width: 100%; border-spacing: 1px; border-collapse: separate; font-size: .72rem; }
.matrix th.names { width: 12rem; } .matrix th.count { width: 1.5rem; }
.matrix td, .matrix th { padding: 0; } .matrix th.bug { padding-right: .6rem; font-weight: 400; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.matrix th.law { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: 400; padding-top: .3rem; white-space: nowrap; }
.matrix td.cell { height: .8rem; background: #eef0f2; }
.matrix td.both { background: #2166ac; } .matrix td.single { background: #67a9cf; } .matrix td.double { background: #c994c7; }
.matrix td.alone { outline: 2px solid #d95f02; outline-offset: -2px; }
.key { display: inline-block; width: .8rem; height: .8rem; margin: 0 .3rem 0 .9rem; vertical-align: -.1rem; }
.bar { display: block; position: relative; width: 6.2rem; height: .95rem; background: #f2f3f5; }
.bar i { position: absolute; left: 0; top: 0; bottom: 0; background: #a6cbe3; }
.bar span { position: relative; font-size: .72rem; padding-left: .25rem; font-variant-numeric: tabular-nums; }
details { margin: .4rem 0; } summary { cursor: pointer; } figure { margin: .6rem 0; } svg { max-width: 100%; height: auto; }
";
