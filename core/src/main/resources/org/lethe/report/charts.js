'use strict';
// Draws the charts of a report: takes each figure's options, adds what is common to its kind, and follows the theme.
(() => {
  const page = document.documentElement;
  const ink = name => getComputedStyle(page).getPropertyValue(name).trim();
  // Colours in the options are names of the page's own.
  const coloured = text => JSON.parse(text, (key, value) =>
    /color$/i.test(key) && typeof value === 'string' && value.startsWith('--') ? ink(value) : value);
  const shown = lines => lines.map(l => echarts.format.encodeHTML(l)).join('<br>');

  const common = tip => ({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink('--ink') },
    tooltip: {
      confine: true, formatter: tip, backgroundColor: ink('--card'), borderColor: ink('--line'),
      textStyle: { color: ink('--ink'), fontSize: 12 }, extraCssText: 'white-space:normal;max-width:320px',
    },
  });
  const axis = own => ({
    type: 'value',
    axisLine: { lineStyle: { color: ink('--line') } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: ink('--line'), opacity: .6 } },
    axisLabel: { color: ink('--quiet'), fontSize: 11, hideOverlap: true },
    ...own,
  });
  const labels = own => axis({ type: 'category', inverse: true, splitLine: { show: false }, axisLine: { show: false }, ...own });
  const text = own => ({ color: ink('--ink'), fontSize: 11, interval: 0, overflow: 'truncate', ...own });

  // Names often differ at their ends: what is too long loses its middle.
  const fitting = width => name => {
    const most = Math.max(5, Math.floor(width / 5.9));
    return name.length <= most ? name : name.slice(0, Math.ceil(most / 2) - 1) + '…' + name.slice(name.length - Math.floor(most / 2));
  };
  const widest = names => 10 + 5.9 * Math.max(0, ...names.map(n => n.length));

  // A bar from its base, a whisker with ends, and a dashed line where the reference is.
  const bar = (params, api, colours) => {
    const [mean, row, low, high, base, reference] = [0, 1, 2, 3, 4, 5].map(i => api.value(i));
    const { x: left, width } = params.coordSys;
    const at = v => Math.min(left + width, Math.max(left, api.coord([v, row])[0]));
    const y = api.coord([mean, row])[1];
    const half = api.size([0, 1])[1] * .32;
    const style = { stroke: ink('--ink'), lineWidth: 1, fill: null };
    const line = (x1, y1, x2, y2, own) => ({ type: 'line', shape: { x1, y1, x2, y2 }, style: { ...style, ...own } });
    const children = [{
      type: 'rect',
      shape: { x: Math.min(at(base), at(mean)), y: y - half, width: Math.max(1, Math.abs(at(mean) - at(base))), height: 2 * half },
      style: { fill: colours.color, stroke: colours.borderColor, lineWidth: 1, opacity: .85 },
    }];
    if (high > low) {
      children.push(line(at(low), y, at(high), y));
      for (const end of [low, high]) {
        if (at(end) > left && at(end) < left + width) children.push(line(at(end), y - 3, at(end), y + 3));
      }
    }
    if (Number.isFinite(reference)) {
      const x = at(reference), step = api.size([0, 1])[1] / 2;
      children.push(line(x, y - step, x, y + step, { stroke: ink('--quiet'), lineDash: [2, 2] }));
    }
    return { type: 'group', children };
  };

  const kinds = {
    bars: (data, choice, i, selected, box) => {
      const own = data.show[choice('show')].options[i];
      const left = Math.max(116, Math.min(230, box.clientWidth * .34, widest(own.yAxis[0].data.map(l => l.value))));
      return {
        ...common(p => shown(p.data.tip.split('\n'))),
        grid: { left, right: 66, top: 2, bottom: 24, containLabel: false },
        xAxis: axis(own.xAxis),
        yAxis: own.yAxis.map((y, right) => labels({
          ...y,
          position: right ? 'right' : 'left',
          axisLabel: text(right ? { width: 62 } : { formatter: fitting(left - 8) }),
        })),
        series: own.series.map(s => ({
          ...s, type: 'custom', encode: { x: [0, 2, 3], y: 1 },
          renderItem: (params, api) => bar(params, api, s.data[params.dataIndex].itemStyle),
        })),
      };
    },
    // Whiskers are lines behind the marks. An axis from the reference holds the reference and the margin of the bar, however near all are.
    scatter: (data, choice, i, selected) => {
      const [x, y] = [Number(choice('x')), Number(choice('y'))];
      const { series } = data.options[i];
      const both = d => d.value[x] !== null && d.value[y] !== null;
      const reach = n => {
        const all = series.filter(s => selected[s.name] ?? true)
          .flatMap(s => s.data.filter(both).flatMap(d => [d.value[n], ...(d.ends[n] ?? [])]));
        const [low, high] = [Math.min(-data.axes[n].least, ...all), Math.max(data.axes[n].least, ...all)];
        const room = (high - low || 1) * .06;
        return data.axes[n].relative ? { min: low - room, max: high + room, scale: false } : {};
      };
      const side = (n, own) => {
        const { min, max } = reach(n);
        const round = v => Number(v.toPrecision(4));
        return axis({
          name: data.axes[n].name, inverse: data.axes[n].lower, scale: true, splitNumber: 4, min, max,
          nameLocation: 'middle', nameTextStyle: { color: ink('--quiet'), fontSize: 11.5, width: 240, overflow: 'truncate' }, ...own,
          axisLabel: { color: ink('--quiet'), fontSize: 11, hideOverlap: true, showMinLabel: min === undefined, showMaxLabel: max === undefined, formatter: round },
        });
      };
      const line = (p, n) => data.axes[n].name + ': ' + p.data.text[n];
      const whiskers = color => (params, api) => {
        const [vx, vy, left, right, low, high] = [0, 1, 2, 3, 4, 5].map(k => api.value(k));
        const from = (a, b) => ({
          type: 'line', silent: true, style: { stroke: color, lineWidth: 1, opacity: .45 },
          shape: { x1: api.coord(a)[0], y1: api.coord(a)[1], x2: api.coord(b)[0], y2: api.coord(b)[1] },
        });
        return { type: 'group', children: [
          ...(right > left ? [from([left, vy], [right, vy])] : []), ...(high > low ? [from([vx, low], [vx, high])] : []),
        ] };
      };
      const cross = [[x, 'xAxis'], [y, 'yAxis']].filter(([n]) => data.axes[n].relative).map(([n, at]) => ({ [at]: 0 }));
      const base = common(p => shown([p.data.name, line(p, x), line(p, y)]));
      return {
        ...base,
        grid: { left: 58, right: 14, top: 10, bottom: 42 },
        legend: { show: false, selected },
        xAxis: side(x, { nameGap: 26, position: 'bottom', axisLine: { onZero: false, lineStyle: { color: ink('--line') } } }),
        yAxis: side(y, { nameGap: 44, position: 'left', axisLine: { onZero: false, lineStyle: { color: ink('--line') } } }),
        series: [
          { type: 'scatter', silent: true, data: [], markLine: {
            silent: true, symbol: 'none', label: { show: false }, lineStyle: { color: ink('--quiet'), type: 'dashed', width: 1 }, data: cross,
          } },
          ...series.map(s => ({
            type: 'custom', name: s.name, silent: true, clip: true, tooltip: { show: false }, encode: { x: [0, 2, 3], y: [1, 4, 5] },
            renderItem: whiskers(s.itemStyle.borderColor),
            data: s.data.filter(both).map(d => [d.value[x], d.value[y], ...(d.ends[x] ?? [d.value[x], d.value[x]]), ...(d.ends[y] ?? [d.value[y], d.value[y]])]),
          })),
          ...series.map(s => ({
            ...s, type: 'scatter', symbolSize: 11, encode: { x, y }, itemStyle: { ...s.itemStyle, opacity: .85 },
          })),
        ],
      };
    },
    // A hundred pictures must open quickly: "large" draws many points as one. Classes take turns, or the last would hide the
    // others; large marks are their means.
    points: (data, choice, i) => {
      const own = data.options[i];
      const turns = [0, 1, 2, 3, 4];
      const some = (at, turn) => Array.from({ length: at.length / 2 }, (none, n) => [at[2 * n], at[2 * n + 1]])
        .filter((point, n) => n % turns.length === turn);
      const side = ([min, max], more) => axis({
        min, max, axisLine: { show: false }, axisLabel: { color: ink('--quiet'), fontSize: 10, hideOverlap: true, showMinLabel: false, showMaxLabel: false },
        splitNumber: 4, ...more,
      });
      return {
        ...common(p => shown([`${p.seriesName}, mean: ${p.value.join(', ')}`])),
        grid: { left: 30, right: 8, top: 2, bottom: 36, outerBoundsMode: 'none' },
        xAxis: side(data.x, { name: own.note, nameLocation: 'middle', nameGap: 18, nameTextStyle: { color: ink('--quiet'), fontSize: 11.5 } }),
        yAxis: side(data.y),
        series: [
          ...turns.flatMap(turn => data.classes.map(({ color }, k) => ({
            type: 'scatter', silent: true, large: true, largeThreshold: 0, symbolSize: 4, itemStyle: { color, opacity: .6 },
            data: some(own.classes[k].at, turn),
          }))),
          ...data.classes.map(({ name, color, symbol }, k) => ({
            type: 'scatter', name, symbol, symbolSize: Math.max(8, 15 - 4 * k), data: own.classes[k].mean.length ? [own.classes[k].mean] : [],
            itemStyle: { color, borderColor: ink('--card'), borderWidth: 2, opacity: 1 },
          })),
        ],
      };
    },
    // The band of a line is an area behind it, in the line's colour.
    curves: (data, choice, i, selected, box) => {
      const own = data.options[i];
      const round = v => Number(v.toPrecision(6));
      const side = ([min, max, interval], more) => axis({
        min, max, interval, nameLocation: 'middle', nameTextStyle: { color: ink('--quiet'), fontSize: 11.5 },
        axisLabel: { color: ink('--quiet'), fontSize: 11, hideOverlap: true, formatter: round }, ...more,
      });
      const band = ({ x, low, high, color }) => (params, api) => ({
        type: 'polygon', silent: true, style: { fill: color, opacity: .16 },
        shape: { points: [...x.map((v, n) => api.coord([v, high[n]])), ...x.map((v, n) => api.coord([v, low[n]])).reverse()] },
      });
      const line = p => {
        const { name, low, high } = own.lines[p.seriesIndex - own.lines.length];
        return `${name}: ${p.value[1]}` + (low.length ? ` (${low[p.dataIndex]} to ${high[p.dataIndex]})` : '');
      };
      const base = common(ps => shown([`${data.horizontal}: ${ps[0].value[0]}`, ...ps.map(line)]));
      return {
        ...base,
        tooltip: { ...base.tooltip, trigger: 'axis', axisPointer: { lineStyle: { color: ink('--quiet') }, label: { show: false } } },
        grid: { left: 62, right: 14, top: 8, bottom: 42 },
        xAxis: side(data.x, { name: fitting(box.clientWidth - 80)(data.horizontal), nameGap: 26, axisLine: { onZero: false, lineStyle: { color: ink('--line') } } }),
        yAxis: side(data.y, { name: fitting(box.clientHeight - 50)(data.vertical), nameGap: 46 }),
        series: [
          ...own.lines.map(l => ({
            type: 'custom', clip: true, tooltip: { show: false }, data: l.low.length ? [[l.x[0], l.y[0]]] : [], renderItem: band(l),
          })),
          ...own.lines.map(({ name, color, x, y }) => ({
            type: 'line', name, showSymbol: x.length < 2, symbolSize: 6, itemStyle: { color }, lineStyle: { color, width: 1.8 },
            data: x.map((v, n) => [v, y[n]]),
          })),
        ],
      };
    },
    // Numbers stand in the cells where there is room for each of them. Of values around 0, both sides have a colour.
    heat: (data, choice, i, selected, box) => {
      const { values } = data.options[i];
      const { columns, rows } = data;
      const both = data.low < 0 && data.high > 0;
      const end = Math.max(-data.low, data.high);
      const [min, max] = both ? [-end, end] : data.high > data.low ? [data.low, data.high] : [data.low - .5, data.high + .5];
      const left = Math.min(150, box.clientWidth * .34, 8 + widest(rows));
      const [wide, high] = [(box.clientWidth - left - 12) / columns.length, (box.clientHeight - 116) / rows.length];
      const digits = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(data.low), Math.abs(data.high)) || 1))));
      const whole = data.options.every(o => o.values.flat().every(Number.isInteger));
      const words = v => v.toFixed(whole ? 0 : digits);
      const room = high >= 14 && wide >= 4 + 6 * Math.max(words(data.low).length, words(data.high).length);
      const turned = widest(columns) > wide;
      const strength = v => both ? Math.abs(v) / end : (v - min) / (max - min);
      return {
        ...common(p => shown([`${rows[p.value[1]]}, ${columns[p.value[0]]}: ${p.value[2]}`])),
        grid: { left, right: 12, top: 34, bottom: 82, containLabel: false, outerBoundsMode: 'none' },
        xAxis: labels({ data: columns, inverse: false, axisLabel: text({
          color: ink('--quiet'), interval: wide < 13 ? 'auto' : 0, rotate: turned ? 60 : 0, formatter: fitting(turned ? 60 : wide),
        }) }),
        yAxis: labels({ data: rows, axisLabel: text({ interval: high < 12 ? 'auto' : 0, formatter: fitting(left - 8) }) }),
        visualMap: {
          type: 'continuous', min, max, orient: 'horizontal', left, top: 0, itemWidth: 9, itemHeight: 110, textGap: 6, seriesIndex: 0,
          text: [words(max), words(min)], textStyle: { color: ink('--quiet'), fontSize: 11 }, calculable: false,
          inRange: { color: both ? [ink('--h1'), ink('--wash'), ink('--h0')] : [ink('--wash'), ink('--h0')] },
        },
        series: [{
          type: 'heatmap', itemStyle: { borderColor: ink('--card'), borderWidth: wide > 8 && high > 8 ? 1 : 0 },
          label: { show: room, fontSize: 10.5, formatter: p => words(p.value[2]) },
          data: values.flatMap((row, y) => row.map((v, x) => ({
            value: [x, y, v], label: { color: ink(strength(v) > .55 ? '--card' : '--ink') },
          }))),
        }],
      };
    },
  };

  const draw = figure => {
    const boxes = [...figure.querySelectorAll('.chart')];
    const buttons = [...figure.querySelectorAll('button[data-name]')];
    const choice = name => figure.querySelector(`[data-choice=${name}]`).value;
    const selected = () => Object.fromEntries(buttons.map(b => [b.dataset.name, b.ariaPressed === 'true']));
    let data = coloured(figure.querySelector('script').textContent);
    const option = box => kinds[figure.dataset.kind](data, choice, boxes.indexOf(box), selected(), box);
    const charts = () => boxes.map(b => echarts.getInstanceByDom(b)).filter(c => c);
    const again = () => charts().forEach(c => c.setOption(option(c.getDom()), true));

    const renderer = ['points', 'heat'].includes(figure.dataset.kind) ? 'canvas' : 'svg';
    const begin = box => echarts.init(box, null, { renderer }).setOption(option(box));

    // A box without a width is not shown, and is drawn when it is.
    const sizes = new ResizeObserver(changes => changes.filter(c => c.contentRect.width > 0).forEach(({ target }) => {
      const chart = echarts.getInstanceByDom(target);
      if (!chart) {
        begin(target);
      } else if (chart.getWidth() !== target.clientWidth || chart.getHeight() !== target.clientHeight) {
        chart.resize();
        if (['bars', 'heat'].includes(figure.dataset.kind)) chart.setOption(option(target), true);
      }
    }));

    figure.addEventListener('change', event => {
      const chosen = event.target.dataset.choice;
      if (chosen === 'where') {
        const title = event.target.value;
        boxes.forEach(b => { b.parentElement.hidden = title !== '' && b.parentElement.firstChild.textContent !== title; });
      } else {
        if (chosen === 'show') figure.querySelector('.note').textContent = data.show[event.target.value].note;
        again();
      }
    });
    figure.addEventListener('click', event => {
      const button = event.target.closest('button[data-name]');
      if (button) {
        button.ariaPressed = button.ariaPressed === 'true' ? 'false' : 'true';
        again();
      }
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      data = coloured(figure.querySelector('script').textContent);
      again();
    });
    figure.hidden = false;
    boxes.filter(b => b.clientWidth > 0).forEach(begin);
    boxes.forEach(b => sizes.observe(b));
  };

  document.querySelectorAll('figure.charts').forEach(draw);
})();
