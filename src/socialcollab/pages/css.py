"""The style sheet of all pages, for screens (light or dark) and paper."""

from __future__ import annotations

from typing import Final

CSS: Final = """
:root{color-scheme:light dark;
--paper:#fbfaf7;--card:#fff;--ink:#1d1c1a;--soft:#5f5b54;--faint:#8a857b;--line:#e4e0d8;--wash:#f3f0ea;--link:#1456a8;
--grey:#77726a;--grey-b:#f1efeb;--amber:#a86400;--amber-b:#fdf3de;--orange:#b8470f;--orange-b:#fdeee4;
--teal:#0c7a74;--teal-b:#e3f4f2;--blue:#1f5fbf;--blue-b:#e8f0fc;--green:#2b7a37;--green-b:#e7f5e8;
--violet:#6d3fb5;--violet-b:#f1eafb;--red:#b4232f;--red-b:#fcebec;--shade:#a9a297}
@media(prefers-color-scheme:dark){:root{
--paper:#161513;--card:#1f1e1b;--ink:#efece6;--soft:#b8b2a7;--faint:#8f897e;--line:#35322d;--wash:#262420;--link:#86b7f5;
--grey:#a49e94;--grey-b:#2b2925;--amber:#eab14f;--amber-b:#352a14;--orange:#f0915e;--orange-b:#38231a;
--teal:#58c7bf;--teal-b:#143230;--blue:#83b0f7;--blue-b:#1a2a44;--green:#7fcb88;--green-b:#1a3220;
--violet:#bd9cf2;--violet-b:#2d2340;--red:#f28b93;--red-b:#3b1d20;--shade:#5d574d}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1360px;margin:0 auto;padding:28px 20px 48px}
h1,h2,h3{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua","Noto Serif","DejaVu Serif",Georgia,serif;font-weight:600;line-height:1.15;letter-spacing:-.01em;margin:0}
h1{font-size:34px;margin-bottom:6px}h2{font-size:22px;margin:32px 0 10px}h3{font-size:17px;margin:22px 0 8px}
p{margin:0 0 10px;max-width:70ch}
a{color:var(--link);text-underline-offset:2px}
a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
.lede{color:var(--soft);font-size:16px}
.wrap{overflow-wrap:anywhere}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.scroll{overflow-x:auto;margin:0 0 16px}
table.data{border-collapse:collapse;width:100%;font-size:14px}
table.data caption{text-align:left;color:var(--soft);padding:0 0 8px}
table.data th{text-align:left;font-weight:600;color:var(--soft);font-size:12.5px;border-bottom:2px solid var(--line);padding:6px 12px 6px 0;vertical-align:bottom}
table.data td{border-bottom:1px solid var(--line);padding:8px 12px 8px 0;vertical-align:top;overflow-wrap:anywhere}
table.data .num{text-align:right}
@media(max-width:640px){table.stacked,table.stacked tbody,table.stacked tr{display:block}table.stacked td{display:flow-root}table.stacked thead{position:absolute;clip-path:inset(50%)}
table.stacked tr{border-bottom:1px solid var(--line);padding:8px 0}table.stacked td,table.stacked td.num{border:0;padding:2px 0 2px 116px;text-align:left;min-height:1.5em}
table.stacked td::before{content:attr(data-label);float:left;margin-left:-116px;width:108px;color:var(--soft);font-size:12.5px;font-weight:600}}
.badge{display:inline-block;font-size:12px;line-height:1;font-weight:600;padding:4px 8px;border-radius:99px;white-space:nowrap;background:var(--b,var(--grey-b));color:var(--c,var(--grey))}
.t-grey{--c:var(--grey);--b:var(--grey-b)}.t-amber{--c:var(--amber);--b:var(--amber-b)}.t-orange{--c:var(--orange);--b:var(--orange-b)}
.t-teal{--c:var(--teal);--b:var(--teal-b)}.t-blue{--c:var(--blue);--b:var(--blue-b)}.t-green{--c:var(--green);--b:var(--green-b)}
.t-violet{--c:var(--violet);--b:var(--violet-b)}.t-red{--c:var(--red);--b:var(--red-b)}
.net{display:inline-flex;flex:none;align-items:center;justify-content:center;width:16px;height:16px;border-radius:4px;font:700 9.5px/1 system-ui,sans-serif;color:#fff;background:#5b6470;vertical-align:-3px}
.net-x{background:#111}.net-facebook{background:#1668d9}.net-instagram{background:#c22d74}.net-linkedin{background:#0a5ca8}.net-bluesky{background:#0a6fd6}.net-mastodon{background:#5b4bd6}
@media(prefers-color-scheme:dark){.net-x{background:#000;box-shadow:0 0 0 1px #666}}
.bar{display:flex;height:8px;border-radius:99px;overflow:hidden;background:var(--wash);gap:2px;margin:16px 0 10px}
.bar i{background:var(--c,var(--grey));min-width:3px}
.legend{display:flex;flex-wrap:wrap;gap:6px 18px;margin:0;padding:0;list-style:none;font-size:13px;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:7px;min-width:0;max-width:100%}
.legend .dot{width:10px;height:10px;border-radius:3px;background:var(--c);flex:none}
.legend b{color:var(--ink);font-weight:600}
.legends{display:grid;gap:8px;margin:0 0 18px}
table.month{width:100%;table-layout:fixed;border-collapse:separate;border-spacing:0;border:1px solid var(--line);border-radius:12px;overflow:hidden;background:var(--card)}
table.month th{font-size:12.5px;font-weight:600;color:var(--soft);text-align:left;padding:9px 10px;background:var(--wash);border-bottom:1px solid var(--line)}
table.month td{vertical-align:top;height:112px;padding:6px 6px 8px;border-bottom:1px solid var(--line);border-left:1px solid var(--line)}
table.month td:first-child,table.month th:first-child{border-left:0}
table.month tr:last-child td{border-bottom:0}
table.agenda thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}table.agenda td{height:auto}table.agenda td.empty{display:none}table.agenda .num{display:none}table.agenda .long{display:inline}
td.out{background:var(--wash)}td.end{background:color-mix(in srgb,var(--wash) 45%,var(--card))}
td.shaded{background-image:repeating-linear-gradient(135deg,transparent 0 7px,color-mix(in srgb,var(--shade) 20%,transparent) 7px 9px)}
.day{display:flex;align-items:baseline;gap:6px;font-size:13px;font-weight:600;color:var(--soft);padding:0 3px 5px}
.day .long{display:none}
td.today .num{background:var(--ink);color:var(--paper);border-radius:99px;padding:1px 8px}
.mark{font-size:11.5px;line-height:1.35;border-radius:5px;padding:3px 7px;margin:0 0 4px;overflow-wrap:anywhere}
.mark.block{background:var(--card);border:1px dashed var(--shade);color:var(--soft)}
.mark.note{background:var(--amber-b);color:var(--ink)}
.mark b{font-weight:600}
.entry{display:block;border-radius:6px;background:var(--b,var(--grey-b));border-left:4px solid var(--c,var(--grey));padding:4px 7px 5px;margin:0 0 4px;font-size:12.5px;line-height:1.35;color:var(--ink);text-decoration:none;overflow:hidden}
a.entry:hover{box-shadow:0 0 0 1px var(--c)}a.entry .title{color:var(--link);text-decoration:underline;text-underline-offset:2px}
.entry .top{display:flex;flex-wrap:wrap;align-items:center;gap:1px 4px;font-size:11px;color:var(--soft);min-width:0}
.entry .top time{font-weight:600;color:var(--ink)}
.entry .who{overflow-wrap:anywhere;min-width:0}
.entry .title{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden;overflow-wrap:anywhere}
.entry .state{font-size:11px;font-weight:600;color:var(--c)}
.entry.struck .title{text-decoration:line-through;color:var(--soft)}a.entry.struck .title{text-decoration:underline line-through}
.entry.s-draft{border-left-style:dashed}
.months details>summary{cursor:pointer;font-size:12px;color:var(--link);padding:2px 4px 5px}
@media(max-width:760px){main{padding:18px 14px 32px}h1{font-size:27px}
table.month,table.month tbody,table.month tr,table.month td{display:block;width:100%}
table.month{border:0;background:none;border-radius:0}table.month thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table.month td{height:auto;border:1px solid var(--line)!important;border-radius:10px;background-color:var(--card);margin:0 0 10px;padding:9px 10px 7px}
table.month td.empty{display:none}
.day .long{display:inline}.day .num{display:none}.day{font-size:14px;color:var(--ink);padding:0 0 7px}
.entry{font-size:14px;padding:6px 9px 7px}.entry .top,.entry .state{font-size:12.5px}.mark{font-size:13px}}
.previews{margin-top:18px;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(330px,100%),1fr));gap:22px;align-items:start}
.feed{display:grid;grid-template-columns:minmax(0,1fr);gap:18px;margin:18px auto;max-width:520px}.column{min-width:0}.column h3{margin:0}.column .feed{margin:12px 0}
.thread>.pv+.pv{border-top:0;border-top-left-radius:0;border-top-right-radius:0}.thread>.pv:has(+.pv){border-bottom-left-radius:0;border-bottom-right-radius:0}
.thread>.pv:has(+.pv) .acts{border-bottom:1px dashed var(--line)}
.pv:target{outline:3px solid var(--link);outline-offset:2px}
.tabs{display:flex;flex-wrap:wrap;gap:6px;margin:14px 0 6px;padding:0;list-style:none;font-size:14px}
.tabs li{border-radius:99px;border:1px solid var(--line);background:var(--card)}.tabs a,.tabs li[aria-current]{display:flex;gap:7px;align-items:center;padding:6px 13px}.tabs .net-x{box-shadow:0 0 0 1px #666}.tabs a{text-decoration:none}
.tabs li[aria-current]{background:var(--ink);color:var(--paper);font-weight:600}
.pv{background:var(--card);border:1px solid var(--line);border-radius:14px;overflow:hidden;font-size:15px;line-height:1.42;min-width:0;max-width:520px}
.pv header{display:flex;gap:10px;align-items:center;padding:12px 14px 0;min-width:0}
.pv .who{min-width:0;flex:1}.pv .name{font-weight:700;display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.pv .meta{color:var(--soft);font-size:13.5px;display:block;overflow-wrap:anywhere}
.pv .av{flex:none;width:42px;height:42px;border-radius:50%;display:grid;place-items:center;color:#fff;font-weight:700;font-size:15px}
.pv .text{padding:9px 14px 12px;margin:0;white-space:pre-wrap;overflow-wrap:anywhere;max-width:none}
.pv .active{color:var(--link);text-decoration:none}
.pv mark{background:var(--red-b);color:var(--red);text-decoration:line-through}
.pv .poll{margin:0 14px 12px;padding-left:22px;overflow-wrap:anywhere}
.pv .cw{margin:10px 14px 0;padding:7px 11px;border-radius:8px;background:var(--wash);font-size:14px}
.pv .media{display:grid;gap:2px;grid-template-columns:1fr 1fr;margin:0 14px 12px;border-radius:12px;overflow:hidden;border:1px solid var(--line)}
.pv .media.n1{grid-template-columns:1fr}.pv .media:not(.n1) figure:last-child:nth-child(odd){grid-column:span 2}
.pv figure{margin:0;position:relative;background:var(--wash);min-height:120px;display:flex;flex-direction:column}
.pv figure img,.pv figure video{display:block;width:100%;flex:1;object-fit:cover;max-height:320px}
.pv figure .no-picture{flex:1;display:grid;place-items:center;color:color-mix(in srgb,var(--h) 45%,var(--card));min-height:110px;background:linear-gradient(150deg,color-mix(in srgb,var(--h) 30%,var(--wash)),color-mix(in srgb,var(--h) 12%,var(--card)))}
.pv figcaption{font-size:12.5px;line-height:1.35;padding:6px 9px 7px;color:var(--soft);overflow-wrap:anywhere;background:var(--card)}
.pv figcaption b{font-size:10.5px;letter-spacing:.04em;background:var(--ink);color:var(--paper);border-radius:3px;padding:1px 4px;margin-right:5px}
.pv figcaption.bad b{background:var(--red)}.pv figcaption.bad{color:var(--red)}
.pv .card{display:block;margin:0 14px 12px;border:1px solid var(--line);border-radius:12px;padding:9px 12px;text-decoration:none;color:var(--ink);background:var(--wash);overflow-wrap:anywhere}
.pv .card img{display:block;width:100%;max-height:260px;object-fit:cover;border-radius:8px;margin-bottom:8px}.pv .card small{display:block;color:var(--soft);font-size:12.5px}
.pv .acts{display:flex;justify-content:space-between;border-top:1px solid var(--line);padding:8px 14px;color:var(--soft);font-size:13px;margin:0;list-style:none;gap:8px;flex-wrap:wrap}
.pv .problem{margin:0;padding:8px 14px;background:var(--red-b);color:var(--red);font-size:13px;font-weight:600;max-width:none}
.pv-x{border-radius:4px}.pv-x .acts,.pv-bluesky .acts{border-top:0;padding-top:2px}.pv .problem+.acts{padding-top:8px}
.pv-mastodon .av{border-radius:9px}.pv-mastodon{border-radius:8px}
.pv-facebook .media,.pv-instagram .media,.pv-linkedin .media{margin:0;border-radius:0;border-left:0;border-right:0;border-bottom:0}
.pv-facebook .card,.pv-linkedin .card{margin:0 0 4px;border-radius:0;border-left:0;border-right:0;padding:11px 14px}
.pv-facebook,.pv-linkedin{border-radius:9px}
.pv-linkedin .av{border-radius:5px}.pv-instagram .media figure img,.pv-instagram .media figure .no-picture{flex:none;aspect-ratio:1;max-height:none}.pv-instagram figcaption{flex:1}
.pv :is(header,.cw)+.media{margin-top:12px}.pv-instagram .media{margin-top:12px}.pv-instagram .av{width:34px;height:34px;font-size:12.5px;box-shadow:0 0 0 2px var(--card),0 0 0 4px #d0418d}
.pv-instagram header{padding-left:18px}.pv-instagram .text b{font-weight:700}
table.permissions{border-collapse:separate;border-spacing:0;font-size:13.5px;border:1px solid var(--line);border-radius:12px;background:var(--card);min-width:min(100%,520px)}
table.permissions th,table.permissions td{padding:8px 12px;border-bottom:1px solid var(--line);border-left:1px solid var(--line);text-align:left;vertical-align:top}
table.permissions tr:last-child>*{border-bottom:0}table.permissions thead th{background:var(--wash);color:var(--soft);font-size:12.5px;font-weight:600;white-space:nowrap}
table.permissions thead th.ws{color:var(--ink);font-size:13.5px}
table.permissions th[scope=row],table.permissions thead tr:first-child th:first-child{position:sticky;left:0;border-left:0;background:var(--card);font-weight:600;min-width:132px;z-index:1}
table.permissions thead tr:first-child th:first-child{background:var(--wash);border-radius:12px 0 0}
table.permissions td{background:color-mix(in srgb,var(--b,var(--card)) 55%,var(--card))}table.permissions td b{color:var(--c);font-weight:600;display:block}
table.permissions small{display:block;color:var(--soft);font-size:12px;font-weight:400;overflow-wrap:anywhere}table.permissions small.no{color:var(--red)}
table.permissions tbody tr:hover>*{box-shadow:inset 0 0 0 99px color-mix(in srgb,var(--ink) 3%,transparent)}
.bars{display:inline-flex;gap:2px;vertical-align:1px;margin-right:6px}.bars i{width:9px;height:5px;border-radius:2px;background:color-mix(in srgb,var(--c,var(--grey)) 22%,transparent)}.bars i.on{background:var(--c,var(--grey))}
.scroll:has(>table.permissions){max-height:88vh;overflow:auto}
table.permissions thead{position:sticky;top:0;z-index:2}
@media(max-width:640px){.scroll:has(>table.permissions){max-height:none}table.permissions,table.permissions tbody,table.permissions tr,table.permissions th[scope=row]{display:block}table.permissions thead{position:absolute;clip-path:inset(50%)}
table.permissions th[scope=row]{position:static;background:var(--wash);border-radius:0}table.permissions td{display:flow-root;border-left:0;padding-left:46%}table.permissions td.none:not(:has(small)){display:none}
table.permissions td::before{content:attr(data-label);float:left;margin-left:-85%;width:80%;overflow-wrap:anywhere;color:var(--soft)}}
@media print{.scroll:has(>table.permissions){max-height:none}table.permissions thead{position:static}}
.permissions-legend{margin:14px 0 12px}.permissions-legend li{color:var(--soft)}
.soft{color:var(--soft)}
.inbox{list-style:none;margin:0;padding:0;display:grid;gap:8px}
.conv{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--line);border-radius:10px;padding:10px 14px;min-width:0}
.conv.needs{border-left-color:var(--amber)}
.conv-top{display:flex;flex-wrap:wrap;gap:4px 14px;font-size:13px;color:var(--soft)}
.conv-top .tag{background:var(--wash);border-radius:99px;padding:0 8px}
.conv-title{font-size:16px;font-weight:600;margin:3px 0 6px}
.conv-badges{display:flex;flex-wrap:wrap;gap:6px;margin:0 0 2px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(220px,100%),1fr));gap:10px 22px;margin:14px 0 18px;padding:12px 16px;background:var(--card);border:1px solid var(--line);border-radius:12px}
.facts div{min-width:0}.facts dt{font-size:12.5px;color:var(--soft)}.facts dd{margin:0}
.notice{background:var(--amber-b);border-left:4px solid var(--amber);border-radius:8px;padding:8px 12px;max-width:none}
.timeline{list-style:none;margin:18px 0;padding:0;display:flex;flex-direction:column;gap:10px;max-width:760px}
.timeline .day-line{align-self:center;font-size:12.5px;color:var(--soft);background:var(--wash);border-radius:99px;padding:2px 12px}
.msg{max-width:min(86%,60ch);border-radius:14px;padding:8px 13px;background:var(--card);border:1px solid var(--line);min-width:0}
.msg p{margin:2px 0 0}.msg ul{margin:6px 0 0;padding-left:18px}
.msg.theirs{align-self:flex-start;border-bottom-left-radius:4px}
.msg.own{align-self:flex-end;background:var(--blue-b);border-color:transparent;border-bottom-right-radius:4px}
.msg.note{align-self:stretch;max-width:none;background:var(--amber-b);border-color:transparent;border-radius:8px}
.msg-top{font-size:12.5px;color:var(--soft);display:flex;flex-wrap:wrap;gap:0 8px}.msg-top b{color:var(--ink);font-weight:600}
.open-replies{list-style:none;margin:0;padding:0;display:grid;gap:6px}
@media print{:root{color-scheme:light;--paper:#fff;--wash:#f6f5f2}main{padding:0;max-width:none}body{font-size:12px}
h1{font-size:24px}table.month td{height:64px;padding:4px}.entry{font-size:10.5px;padding:3px 5px}.entry .top,.entry .state{font-size:9.5px}.pv,table.month tr{break-inside:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
details>summary{display:none}@page{size:A4 landscape;margin:12mm}}
"""
