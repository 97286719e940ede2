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
    bars: (data, choice, i) => {
      const own = data.show[choice('show')].options[i];
      return {
        ...common(p => shown(p.data.tip.split('\n'))),
        grid: { left: 116, right: 66, top: 2, bottom: 24, containLabel: false },
        xAxis: axis(own.xAxis),
        yAxis: own.yAxis.map((y, right) => labels({
          ...y,
          position: right ? 'right' : 'left',
          axisLabel: text(right ? { width: 62 } : { width: 108 }),
        })),
        series: own.series.map(s => ({
          ...s, type: 'custom', encode: { x: [0, 2, 3], y: 1 },
          renderItem: (params, api) => bar(params, api, s.data[params.dataIndex].itemStyle),
        })),
      };
    },
    scatter: (data, choice, i, selected) => {
      const [x, y] = [Number(choice('x')), Number(choice('y'))];
      const side = (n, own) => axis({
        name: data.axes[n].name, inverse: data.axes[n].lower, scale: true, splitNumber: 4,
        nameLocation: 'middle', nameTextStyle: { color: ink('--quiet'), fontSize: 11.5, width: 240, overflow: 'truncate' }, ...own,
      });
      const line = (p, n) => data.axes[n].name + ': ' + p.data.text[n];
      return {
        ...common(p => shown([p.data.name, line(p, x), line(p, y)])),
        grid: { left: 58, right: 14, top: 10, bottom: 42 },
        legend: { show: false, selected },
        xAxis: side(x, { nameGap: 26, position: 'bottom', axisLine: { onZero: false, lineStyle: { color: ink('--line') } } }),
        yAxis: side(y, { nameGap: 44, position: 'left', axisLine: { onZero: false, lineStyle: { color: ink('--line') } } }),
        series: data.options[i].series.map(s => ({
          ...s, type: 'scatter', symbolSize: 11, encode: { x, y }, itemStyle: { ...s.itemStyle, opacity: .85 },
        })),
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
    radar: (data, choice, i) => {
      const own = data.options[i];
      return {
        ...common(p => shown(p.data.tip.split('\n'))),
        radar: {
          ...own.radar, radius: 36, splitNumber: 2, axisNameGap: 4,
          axisName: { color: ink('--quiet'), fontSize: 10.5 },
          axisLine: { lineStyle: { color: ink('--line') } },
          splitLine: { lineStyle: { color: ink('--line') } },
          splitArea: { show: false },
        },
        series: own.series.map(s => ({ ...s, symbol: 'none' })),
      };
    },
  };

  const draw = figure => {
    const boxes = [...figure.querySelectorAll('.chart')];
    const buttons = [...figure.querySelectorAll('button[data-name]')];
    const choice = name => figure.querySelector(`[data-choice=${name}]`).value;
    const selected = () => Object.fromEntries(buttons.map(b => [b.dataset.name, b.ariaPressed === 'true']));
    let data = coloured(figure.querySelector('script').textContent);
    const option = box => kinds[figure.dataset.kind](data, choice, boxes.indexOf(box), selected());
    const charts = () => boxes.map(b => echarts.getInstanceByDom(b)).filter(c => c);
    const again = () => charts().forEach(c => c.setOption(option(c.getDom()), true));

    const renderer = figure.dataset.kind === 'points' ? 'canvas' : 'svg';
    const begin = box => echarts.init(box, null, { renderer }).setOption(option(box));

    // A box without a width is not shown, and is drawn when it is.
    const sizes = new ResizeObserver(changes => changes.filter(c => c.contentRect.width > 0).forEach(({ target }) => {
      const chart = echarts.getInstanceByDom(target);
      if (!chart) {
        begin(target);
      } else if (chart.getWidth() !== target.clientWidth || chart.getHeight() !== target.clientHeight) {
        chart.resize();
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
