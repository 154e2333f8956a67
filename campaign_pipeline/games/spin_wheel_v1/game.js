/**
 * The wheel of fortune: how it looks, how it turns, where it stops.
 *
 * Belongs here: segments, drawing, motion and words of this one game.
 * Does not belong here: who wins (the runtime's draw, or the host), sound, messages, the page around the wheel.
 *
 * Angles are degrees, clockwise, 0 at the top. Segment i lies at [i, i + 1) × step on the face; the pointer stands at
 * the top. The face is drawn once a size and then only turned, so an idle wheel costs next to nothing.
 */
'use strict';

/**
 * @typedef {{label: string, outcome: 'win'|'lose', weight: number, color?: string}} Segment
 * @typedef {{fill: string, ink: string}} Paint
 * @typedef {CanvasRenderingContext2D} Pen  Its origin is the wheel's centre, its unit a hundredth of the radius.
 */

(function () {
  const runtime = window.CampaignRuntime;
  const { config, colour, clock, audio, element } = runtime;
  const { mix, translucent } = colour;
  const { colors, animations } = config.visuals;
  const { parameters } = config.settings.difficulty;
  /** @type {Segment[]} */
  const segments = config.mechanics.segments;
  const step = 360 / segments.length;
  const dark = colour.inkOn(colors.background) === '#ffffff';

  const text = runtime.words({
    en: { spin: 'Spin', spinning: 'Good luck!', begun: 'The wheel is spinning.', prizes: 'On the wheel:' },
    de: { spin: 'Drehen', spinning: 'Viel Glück!', begun: 'Das Rad dreht sich.', prizes: 'Auf dem Rad:' },
    fr: { spin: 'Tourner', spinning: 'Bonne chance !', begun: 'La roue tourne.', prizes: 'Sur la roue :' },
    es: { spin: 'Girar', spinning: '¡Suerte!', begun: 'La ruleta está girando.', prizes: 'En la ruleta:' },
  });

  // Drawn in hundredths of the wheel's radius.
  const RIM = 94;
  const CHANNEL = 90.5;
  const LAMPS = 86.8;
  const COLLAR = 83.2;
  const FACE = 80.5;
  const LABELS = 66.5;
  const HUB = 18.5;

  const radians = (/** @type {number} */ degrees) => (degrees * Math.PI) / 180;
  /** Where a wheel turned by `angle` stands under the pointer, 0 to 360. @param {number} angle */
  const underPointer = (angle) => (((-angle % 360) + 360) % 360);

  // The face shines: light of up to this share lies over fill and text alike, and text must stay readable under it.
  const GLOSS = 0.09;
  const DARK_INK = '#14101f';

  /** @param {string} ink @param {string} fill */
  const legible = (ink, fill) => Math.min(
    colour.contrast(ink, fill),
    colour.contrast(mix(ink, '#ffffff', GLOSS), mix(fill, '#ffffff', GLOSS)),
  );

  // A segment is darker towards the hub and lighter towards the rim; text must stand on both.
  const lighter = (/** @type {string} */ fill) => mix(fill, '#ffffff', 0.05);
  const shade = (/** @type {string} */ fill) => mix(fill, '#000000', 0.12);

  /**
   * Find a text colour, and shift the fill as little as it takes until the two reach 4.5 to 1 (WCAG 2.2, 1.4.3).
   * @param {string} asked
   * @returns {Paint}
   */
  function paintOf(asked) {
    for (let shift = 0; shift < 1; shift += 0.04) {
      const darker = mix(asked, '#000000', shift);
      if (legible('#ffffff', lighter(darker)) >= 4.5) return { fill: darker, ink: '#ffffff' };
      const paler = mix(asked, '#ffffff', shift);
      if (legible(DARK_INK, shade(paler)) >= 4.5) return { fill: paler, ink: DARK_INK };
    }
    return { fill: '#000000', ink: '#ffffff' };
  }

  /** Wins wear the brand's colours, the others stay quiet; neighbours never look alike. */
  function paintSegments() {
    const loud = [colors.primary, colors.accent, colors.secondary];
    const night = mix(colors.background, colors.primary, 0.22);
    const quiet = dark
      ? [mix(night, '#ffffff', 0.07), mix(night, '#ffffff', 0.15)]
      : [mix(colors.background, '#ffffff', 0.6), mix(colors.background, colors.primary, 0.12)];
    const next = { win: 0, lose: 0 };
    /** @type {string[]} */
    const asked = [];
    segments.forEach(({ outcome, color }, i) => {
      const range = outcome === 'win' ? loud : quiet;
      const taken = [asked[i - 1], i === segments.length - 1 ? asked[0] : ''];
      const inTurn = range.map((_, k) => range[(next[outcome] + k) % range.length]);
      next[outcome] += 1;
      asked.push(color || inTurn.find((paint) => !taken.includes(paint)) || mix(inTurn[0], '#000000', 0.2));
    });
    return asked.map(paintOf);
  }

  const paints = paintSegments();

  let radius = 0;

  /** @param {string} id */
  function penOf(id) {
    const pen = runtime.sharp(/** @type {HTMLCanvasElement} */ (element(id)), radius * 2, radius * 2);
    pen.translate(radius, radius);
    pen.scale(radius / 100, radius / 100);
    return pen;
  }

  /**
   * Cast a shadow; canvas counts shadows in pixels whatever the scale.
   * @param {Pen} pen
   * @param {string} paint
   * @param {number} blur
   * @param {number} [drop]
   */
  function shadow(pen, paint, blur, drop = 0) {
    const scale = pen.getTransform().a;
    pen.shadowColor = paint;
    pen.shadowBlur = blur * scale;
    pen.shadowOffsetY = drop * scale;
  }

  /**
   * @param {CanvasGradient} gradient
   * @param {Record<number, string>} stops
   */
  function blend(gradient, stops) {
    Object.entries(stops).forEach(([at, stop]) => gradient.addColorStop(Number(at), stop));
    return gradient;
  }

  /** @param {Pen} pen @param {string|CanvasGradient} paint @param {number} size @param {number} [x] @param {number} [y] */
  function disc(pen, paint, size, x = 0, y = 0) {
    pen.beginPath();
    pen.arc(x, y, size, 0, 2 * Math.PI);
    pen.fillStyle = paint;
    pen.fill();
  }

  /** @param {Pen} pen @param {number} i @param {number} size */
  function wedge(pen, i, size) {
    pen.beginPath();
    pen.moveTo(0, 0);
    pen.arc(0, 0, size, radians(i * step - 90), radians((i + 1) * step - 90));
    pen.closePath();
  }

  /** Polished metal in the accent's hue: light and dark in turns around the circle. @param {Pen} pen */
  function metal(pen) {
    const [high, low] = [mix(colors.accent, '#ffffff', 0.72), mix(colors.accent, '#000000', 0.45)];
    const gradient = pen.createConicGradient(radians(-120), 0, 0);
    for (let i = 0; i <= 8; i += 1) gradient.addColorStop(i / 8, [high, colors.accent, low, colors.accent][i % 4]);
    return gradient;
  }

  function drawRim() {
    const pen = penOf('rim');
    const base = mix(colors.primary, '#000000', 0.62);
    pen.save();
    shadow(pen, translucent('#000000', dark ? 0.6 : 0.32), 5, 2);
    disc(pen, metal(pen), RIM);
    pen.restore();
    disc(pen, blend(pen.createRadialGradient(0, 0, COLLAR, 0, 0, CHANNEL), {
      0: mix(base, '#000000', 0.4), 0.5: base, 1: mix(base, '#000000', 0.55),
    }), CHANNEL);
    disc(pen, metal(pen), COLLAR);
    disc(pen, '#000000', FACE);
  }

  /** @param {Pen} pen @param {number} i */
  function drawWedge(pen, i) {
    const { fill } = paints[i];
    wedge(pen, i, FACE);
    pen.fillStyle = blend(pen.createRadialGradient(0, 0, HUB, 0, 0, FACE), {
      0: shade(fill), 0.62: fill, 0.9: lighter(fill), 1: shade(fill),
    });
    pen.fill();
  }

  /** A border between two segments, and its peg. @param {Pen} pen @param {number} i */
  function drawBorder(pen, i) {
    pen.save();
    pen.rotate(radians(i * step));
    pen.fillStyle = translucent('#000000', 0.28);
    pen.fillRect(0, -FACE, 1.2, FACE);
    pen.fillStyle = mix(colors.accent, '#ffffff', 0.45);
    pen.fillRect(-0.5, -FACE, 1, FACE);
    shadow(pen, translucent('#000000', 0.5), 1.2);
    disc(pen, blend(pen.createRadialGradient(-0.6, -FACE + 1.4, 0, 0, -FACE + 2.2, 2), {
      0: '#ffffff', 0.5: mix(colors.accent, '#ffffff', 0.5), 1: mix(colors.accent, '#000000', 0.4),
    }), 1.9, 0, -FACE + 2.2);
    pen.restore();
  }

  /**
   * Break a label into lines, each as wide as `widthAt` allows; null where it doesn't fit.
   * @param {Pen} pen
   * @param {string} label
   * @param {number} most  lines
   * @param {(line: number) => number} widthAt
   */
  function wrap(pen, label, most, widthAt) {
    /** @type {string[]} */
    const lines = [];
    for (const word of label.split(/\s+/).filter(Boolean)) {
      const last = lines.length - 1;
      const joined = `${lines[last]} ${word}`;
      if (last >= 0 && pen.measureText(joined).width <= widthAt(last)) lines[last] = joined;
      else lines.push(word);
    }
    const fits = lines.length <= most && lines.every((line, i) => pen.measureText(line).width <= widthAt(i));
    return fits ? lines : null;
  }

  /** @param {Pen} pen @param {string} label @param {number} width */
  function cut(pen, label, width) {
    const letters = Array.from(label);
    while (letters.length > 1 && pen.measureText(`${letters.join('')}…`).width > width) letters.pop();
    return `${letters.join('')}…`;
  }

  /**
   * The largest size at which a label fits its segment, and its lines. Wide segments are read across, narrow ones along
   * the radius. A label too long for the smallest size is cut; the list of prizes has it whole.
   * @param {Pen} pen
   * @param {string} label
   * @param {boolean} across
   */
  function layOut(pen, label, across) {
    const spread = Math.tan(radians(Math.min(step, 100) / 2));
    const along = LABELS - HUB - 5;
    const typeface = getComputedStyle(document.body).fontFamily;
    for (let size = across ? 15 : 10.5; ; size *= 0.94) {
      const height = size * 1.08;
      const most = across ? Math.floor(along / height) : 3;
      pen.font = `800 ${size}px ${typeface}`;
      for (let count = across ? most : 1; count <= most; count += 1) {
        const room = (/** @type {number} */ line) => across
          ? Math.min(2 * (LABELS - (line + 1) * height) * spread - 7, 95)
          : Math.min(along, LABELS - ((Math.abs(line - (count - 1) / 2) + 0.5) * height + 1) / spread);
        const lines = wrap(pen, label, count, room) || (size < 4.4 && [cut(pen, label, room(0))]);
        if (lines) return { height, lines };
      }
    }
  }

  /** @param {Pen} pen @param {number} i */
  function drawLabel(pen, i) {
    const across = segments.length <= 9;
    const { height, lines } = layOut(pen, segments[i].label, across);
    pen.save();
    pen.rotate(radians((i + 0.5) * step - (across ? 0 : 90)));
    pen.textAlign = across ? 'center' : 'right';
    pen.textBaseline = 'middle';
    pen.fillStyle = paints[i].ink;
    if (paints[i].ink === '#ffffff') shadow(pen, translucent('#000000', 0.35), 1.2, 0.5);
    lines.forEach((line, at) => {
      if (across) pen.fillText(line, 0, -LABELS + (at + 0.5) * height);
      else pen.fillText(line, LABELS, (at - (lines.length - 1) / 2) * height);
    });
    pen.restore();
  }

  function drawFace() {
    const pen = penOf('face');
    [drawWedge, drawBorder, drawLabel].forEach((draw) => segments.forEach((_, i) => draw(pen, i)));
  }

  /** Darken all but one segment; the style sheet fades it in. @param {number} lit */
  function drawDim(lit) {
    const pen = penOf('dim');
    pen.fillStyle = translucent('#000000', 0.55);
    segments.forEach((_, i) => {
      if (i === lit) return;
      wedge(pen, i, FACE);
      pen.fill();
    });
    wedge(pen, lit, FACE - 0.6);
    pen.strokeStyle = mix(colors.accent, '#ffffff', 0.75);
    pen.lineWidth = 1.4;
    pen.lineJoin = 'round';
    shadow(pen, mix(colors.accent, '#ffffff', 0.3), 6);
    pen.stroke();
  }

  /** @param {Pen} pen */
  function drawGloss(pen) {
    disc(pen, blend(pen.createRadialGradient(0, 0, FACE * 0.86, 0, 0, FACE), {
      0: translucent('#000000', 0), 1: translucent('#000000', dark ? 0.42 : 0.2),
    }), FACE);
    pen.save();
    pen.clip();
    pen.beginPath();
    pen.ellipse(0, -52, 86, 50, 0, 0, 2 * Math.PI);
    pen.fillStyle = blend(pen.createLinearGradient(0, -FACE, 0, 0), {
      0: translucent('#ffffff', GLOSS), 1: translucent('#ffffff', 0.02),
    });
    pen.fill();
    pen.restore();
  }

  /** @param {Pen} pen */
  function drawStar(pen) {
    pen.beginPath();
    for (let i = 0; i < 10; i += 1) {
      const reach = HUB * (i % 2 ? 0.25 : 0.56);
      pen.lineTo(Math.sin((i * Math.PI) / 5) * reach, -Math.cos((i * Math.PI) / 5) * reach);
    }
    pen.closePath();
    pen.lineJoin = 'round';
    pen.lineWidth = 1.4;
    pen.strokeStyle = pen.fillStyle = mix(colors.accent, '#ffffff', 0.4);
    pen.stroke();
    pen.fill();
  }

  /** What lies still above the turning face: the shine and the hub. */
  function drawCover() {
    const pen = penOf('cover');
    const body = mix(colors.primary, '#000000', 0.25);
    drawGloss(pen);
    pen.save();
    shadow(pen, translucent('#000000', 0.55), 5, 2);
    disc(pen, metal(pen), HUB);
    pen.restore();
    disc(pen, blend(pen.createRadialGradient(-5, -7, 1, 0, 0, HUB * 0.86), {
      0: mix(body, '#ffffff', 0.5), 0.45: body, 1: mix(body, '#000000', 0.55),
    }), HUB * 0.84);
    drawStar(pen);
    pen.beginPath();
    pen.ellipse(0, HUB * -0.42, HUB * 0.6, HUB * 0.34, 0, 0, 2 * Math.PI);
    pen.fillStyle = blend(pen.createLinearGradient(0, HUB * -0.8, 0, 0), {
      0: translucent('#ffffff', 0.55), 1: translucent('#ffffff', 0),
    });
    pen.fill();
  }

  /** A drop of metal with a stone; its canvas is 26 by 32 hundredths. */
  function drawPointer() {
    const canvas = /** @type {HTMLCanvasElement} */ (element('pointer'));
    const pen = runtime.sharp(canvas, radius * 0.26, radius * 0.32);
    pen.scale(radius / 100, radius / 100);
    pen.translate(13, 11.44);
    pen.beginPath();
    pen.arc(0, 0, 8.8, radians(155), radians(25));
    pen.quadraticCurveTo(5.5, 10.2, 0, 20.5);
    pen.quadraticCurveTo(-5.5, 10.2, -8, 3.7);
    pen.closePath();
    pen.save();
    shadow(pen, translucent('#000000', 0.55), 2.6, 1.3);
    pen.fillStyle = blend(pen.createLinearGradient(-8.8, 0, 8.8, 0), {
      0: mix(colors.accent, '#ffffff', 0.85), 0.5: mix(colors.accent, '#ffffff', 0.25), 1: mix(colors.accent, '#000000', 0.35),
    });
    pen.fill();
    pen.restore();
    pen.strokeStyle = translucent('#ffffff', 0.55);
    pen.lineWidth = 0.5;
    pen.stroke();
    disc(pen, blend(pen.createRadialGradient(-1.8, -2.2, 0, 0, 0, 4.9), {
      0: mix(colors.secondary, '#ffffff', 0.75), 0.4: mix(colors.secondary, '#000000', 0.1), 1: mix(colors.secondary, '#000000', 0.55),
    }), 4.6);
  }

  /** @param {(lamp: number) => number} brightness  0 to 1 */
  function drawBulbs(brightness) {
    const pen = bulbPen;
    if (!pen) return;
    const [warm, cold] = [mix(colors.accent, '#ffffff', 0.62), mix(colors.accent, '#000000', 0.5)];
    pen.clearRect(-100, -100, 200, 200);
    for (let lamp = 0; lamp < lamps; lamp += 1) {
      const at = radians(((lamp + 0.5) * 360) / lamps);
      const [x, y] = [Math.sin(at) * LAMPS, -Math.cos(at) * LAMPS];
      const lit = brightness(lamp);
      disc(pen, blend(pen.createRadialGradient(x, y, 0, x, y, 6), { 0: translucent(warm, 0.75 * lit), 1: translucent(warm, 0) }), 6, x, y);
      disc(pen, blend(pen.createRadialGradient(x - 0.6, y - 0.7, 0, x, y, 2.2), {
        0: mix(mix(cold, '#ffffff', 0.5), '#ffffff', lit), 1: mix(cold, warm, lit),
      }), 2.1, x, y);
    }
  }

  const lamps = Math.max(0, Math.round(Number(animations.bulbs || 0)));
  // Each lamp is lit one time in three: at 120 ms a step that stays under three flashes a second (WCAG 2.3.1).
  const FASTEST_CHASE_MS = 120;
  const SETTLE_MS = 700;
  /** @type {CanvasRenderingContext2D|null} */
  let bulbPen = null;
  let bulbsShown = '';
  let angle = 0;
  let restingAt = 0;
  let restingSince = 0;
  let flick = 0;
  let lastTick = 0;
  /** @type {{from: number, to: number, begun: number, length: number, settle: number, overshoot: number, index: number, play: Play}|null} */
  let spin = null;
  /** @type {Play|null} */
  let landed = null;

  /**
   * How far a spin has come: quick to speed, long to stop.
   * @param {number} time  0 to 1
   * @param {number} tail  the parameter `deceleration`
   */
  function progress(time, tail) {
    const rise = 0.1;
    const whole = rise / 2 + (1 - rise) / tail;
    if (time < rise) return (time * time) / (2 * rise) / whole;
    return (rise / 2 + ((1 - rise) / tail) * (1 - ((1 - time) / (1 - rise)) ** tail)) / whole;
  }

  /**
   * The segment that a play ends on: the host's prize where it names one of that outcome, by weight otherwise.
   * @param {Play} play
   */
  function choose({ random, outcome, prize }) {
    const candidates = segments.map((segment, i) => ({ ...segment, i })).filter((segment) => segment.outcome === outcome);
    const named = candidates.filter((segment) => segment.label === prize);
    const from = named.length ? named : candidates;
    return from[runtime.pick(from.map((segment) => segment.weight), random)].i;
  }

  /** @param {Play} play */
  function begin(play) {
    const index = choose(play);
    // Never so near to a border that eye and result could disagree, not even while it settles.
    const place = (index + 0.22 + play.random() * 0.56) * step;
    const calm = runtime.reducedMotion.matches;
    const turns = calm ? 0 : config.mechanics.min_turns + Math.round(parameters.extra_turns || 0);
    const onward = (((underPointer(angle) - place) % 360) + 360) % 360;
    landed = null;
    spin = {
      from: angle, to: angle + turns * 360 + onward, begun: clock.now(), index, play,
      length: calm ? 700 : config.mechanics.spin_duration_ms,
      settle: calm ? 0 : SETTLE_MS,
      overshoot: calm ? 0 : Math.min(3.5, step * 0.12),
    };
    element('action').textContent = text.spinning;
    runtime.announce(text.begun);
    audio.play('spin');
  }

  /** @param {number} now */
  function turn(now) {
    if (!spin) return;
    const age = now - spin.begun;
    const tail = Math.max(1.5, Number(parameters.deceleration || 3));
    const reach = spin.to + spin.overshoot - spin.from;
    if (age < spin.length) {
      angle = spin.from + reach * progress(age / spin.length, tail);
    } else if (age < spin.length + spin.settle) {
      // A cosine that dies away starts at rest and ends at rest: the wheel rocks back and stays.
      const t = (age - spin.length) / spin.settle;
      angle = spin.to + spin.overshoot * Math.cos(t * 2.5 * Math.PI) * (1 - t) ** 2;
    } else {
      land();
    }
  }

  function land() {
    if (!spin) return;
    angle = spin.to % 360;
    const { index, play } = spin;
    spin = null;
    restingAt = angle;
    restingSince = clock.now();
    landed = play;
    drawDim(index);
    element('rotor').classList.add('landed');
    runtime.complete({
      outcome: play.outcome,
      score: play.outcome === 'win' ? 1 : 0,
      playerResult: { type: 'spin_wheel', landed_segment_index: Math.floor(underPointer(angle) / step) },
      prize: segments[index].label,
    });
  }

  /** A resting wheel breathes: it swings a little, unless the player asked for calm. @param {number} now */
  function sway(now) {
    if (spin || landed || runtime.reducedMotion.matches) return;
    const reach = Math.min(Number(animations.idle_sway_deg || 0), step * 0.2);
    angle = restingAt + reach * Math.sin((now - restingSince) / 900);
  }

  /** The pointer is knocked aside by each peg and swings back. @param {number} before @param {number} now @param {number} elapsed */
  function knock(before, now, elapsed) {
    flick *= Math.exp(-elapsed / 80);
    if (!spin || Math.floor(before / step) === Math.floor(angle / step)) return;
    flick = angle > before ? 1 : -0.4;
    // Faster ticks than these are only noise.
    if (now - lastTick < 38) return;
    lastTick = now;
    audio.play('tick');
  }

  /** @param {number} now */
  function shine(now) {
    const calm = runtime.reducedMotion.matches;
    const pace = spin || (landed && landed.outcome === 'win') ? 180 : Number(animations.bulb_chase_ms || 600);
    const at = calm ? 0 : Math.floor(now / Math.max(pace, FASTEST_CHASE_MS));
    const lost = landed !== null && landed.outcome === 'lose';
    const key = calm ? 'calm' : `${at}${lost}`;
    if (key === bulbsShown) return;
    bulbsShown = key;
    drawBulbs((lamp) => {
      if (calm) return 0.85;
      if (lost) return lamp % 2 ? 0.15 : 0.4;
      return [1, 0.55, 0.2][(((at - lamp) % 3) + 3) % 3];
    });
  }

  /** @param {number} now @param {number} elapsed */
  function frame(now, elapsed) {
    const before = angle;
    turn(now);
    sway(now);
    knock(before, now, elapsed);
    shine(now);
    element('rotor').style.transform = `rotate(${angle.toFixed(3)}deg)`;
    element('pointer').style.transform = `rotate(${(-24 * flick).toFixed(2)}deg)`;
  }

  function reset() {
    spin = null;
    landed = null;
    restingAt = angle || -step / 2;
    restingSince = clock.now();
    element('rotor').classList.remove('landed');
    element('action').textContent = text.spin;
  }

  function resize() {
    const size = element('wheel').clientWidth;
    if (!size || size === radius * 2) return;
    radius = size / 2;
    drawRim();
    drawFace();
    drawCover();
    drawPointer();
    if (landed) drawDim(Math.floor(underPointer(angle) / step));
    bulbPen = penOf('bulbs');
    bulbsShown = '';
  }

  /** What a canvas shows, for those who can't see it. */
  function tellPrizes() {
    const list = element('prizes');
    list.setAttribute('aria-label', text.prizes);
    segments.forEach((segment, i) => {
      const item = document.createElement('li');
      item.textContent = segment.label;
      // What stands on what: a test holds the two against WCAG.
      item.dataset.ink = paints[i].ink;
      item.dataset.fill = paints[i].fill;
      list.append(item);
    });
  }

  tellPrizes();
  document.documentElement.classList.toggle('no-rays', !animations.backdrop_rays);
  element('wheel').addEventListener('click', runtime.act);
  runtime.mount({ begin, reset, frame, resize });
})();
