/**
 * What every game of the catalogue stands on: configuration, chance, time, sound, messages, the page around the game.
 *
 * Belongs here: all that two games would otherwise both write. A game's script calls `CampaignRuntime.mount(game)`.
 * Does not belong here: rules, drawing and words of one game.
 *
 * A classic script: it runs from file:// and in a sandboxed frame of origin null, where modules, fetch and storage
 * are refused. Text reaches the page through textContent only, so copy can never become markup.
 *
 * For tests and hosts on the same page: `CampaignRuntime.createRandom(seed)`, `.draw(config, random)`,
 * `.audio.inspect()`, `.state()`, and the DOM event `campaign-game`, whose detail is the message posted to the parent.
 */
'use strict';

/**
 * @typedef {() => number} Random  A number in [0, 1).
 * @typedef {{random: Random, outcome: 'win'|'lose', prize: string|null}} Play
 * @typedef {{outcome: 'win'|'lose', score: number, playerResult: object, prize: string}} Result
 * @typedef {object} Game
 * @property {(play: Play) => void} begin  Play; call `CampaignRuntime.complete` at its end.
 * @property {() => void} reset            Back to how it stood before the play.
 * @property {(now: number, step: number) => void} frame  One picture; milliseconds of game time, which stops in a pause.
 * @property {() => void} resize           The stage has another size.
 */

window.CampaignRuntime = (function () {
  /** @param {string} id */
  const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const config = JSON.parse(element('game-config').textContent || '');
  const root = document.documentElement;
  const framed = window.parent !== window;

  const language = String(config.settings.locale).toLowerCase().split('-')[0];

  /**
   * Pick the strings of the campaign's language; English where there are none.
   * @template T
   * @param {Record<string, T>} byLanguage
   * @returns {T}
   */
  function words(byLanguage) {
    return Object.prototype.hasOwnProperty.call(byLanguage, language) ? byLanguage[language] : byLanguage.en;
  }

  const text = words({
    en: {
      mute: 'Mute sound', pause: 'Pause', paused: 'Paused', resume: 'Resume', again: 'Play again',
      wait: 'One moment, please. Your game is being prepared.',
    },
    de: {
      mute: 'Ton aus', pause: 'Pause', paused: 'Pause', resume: 'Weiter', again: 'Nochmal spielen',
      wait: 'Einen Moment bitte. Dein Spiel wird vorbereitet.',
    },
    fr: {
      mute: 'Couper le son', pause: 'Pause', paused: 'En pause', resume: 'Reprendre', again: 'Rejouer',
      wait: 'Un instant, s’il vous plaît. Votre partie se prépare.',
    },
    es: {
      mute: 'Silenciar', pause: 'Pausa', paused: 'En pausa', resume: 'Continuar', again: 'Jugar otra vez',
      wait: 'Un momento, por favor. Tu partida se está preparando.',
    },
  });

  /** @param {string} message */
  function announce(message) {
    element('announcer').textContent = message;
  }

  /**
   * Spread a text over four 32-bit words (cyrb128).
   * @param {string} value
   */
  function hash128(value) {
    let [a, b, c, d] = [1779033703, 3144134277, 1013904242, 2773480762];
    for (let i = 0; i < value.length; i += 1) {
      const k = value.charCodeAt(i);
      a = b ^ Math.imul(a ^ k, 597399067);
      b = c ^ Math.imul(b ^ k, 2869860233);
      c = d ^ Math.imul(c ^ k, 951274213);
      d = a ^ Math.imul(d ^ k, 2716044179);
    }
    a = Math.imul(c ^ (a >>> 18), 597399067);
    b = Math.imul(d ^ (b >>> 22), 2869860233);
    c = Math.imul(a ^ (c >>> 17), 951274213);
    d = Math.imul(b ^ (d >>> 19), 2716044179);
    return [a ^ b ^ c ^ d, b ^ a, c ^ a, d ^ a];
  }

  /**
   * A source of chance: sfc32 for a seed, so that a play can be repeated; the system's own otherwise.
   * @param {string|number} [seed]
   * @returns {Random}
   */
  function createRandom(seed) {
    if (seed === undefined) {
      const word = new Uint32Array(1);
      return () => crypto.getRandomValues(word)[0] / 4294967296;
    }
    let [a, b, c, d] = hash128(`${typeof seed}:${seed}`);
    return function random() {
      const t = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + t) | 0;
      return (t >>> 0) / 4294967296;
    };
  }

  /**
   * The fair draw: a win with exactly the configured probability, whatever the game looks like.
   * @param {{settings: {difficulty: {win_probability: number}}}} settings
   * @param {Random} random
   * @returns {'win'|'lose'}
   */
  function draw(settings, random) {
    return random() < settings.settings.difficulty.win_probability ? 'win' : 'lose';
  }

  /**
   * Pick an index by weight.
   * @param {number[]} weights  Not negative, at least one above 0.
   * @param {Random} random
   */
  function pick(weights, random) {
    let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
    const index = weights.findIndex((weight) => (left -= weight) < 0);
    return index < 0 ? weights.length - 1 : index;
  }

  /** @param {string} hex  "#rrggbb" */
  const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

  /**
   * Mix two colours.
   * @param {string} from
   * @param {string} to
   * @param {number} share  0 is `from`, 1 is `to`.
   */
  function mix(from, to, share) {
    const other = channels(to);
    const mixed = channels(from).map((value, i) => Math.round(value + (other[i] - value) * share));
    return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
  }

  /** @param {string} hex @param {number} alpha */
  const translucent = (hex, alpha) => `rgba(${channels(hex).join(',')},${alpha})`;

  /** Relative luminance of WCAG 2.2. @param {string} hex */
  function luminance(hex) {
    const [r, g, b] = channels(hex).map((value) => {
      const c = value / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  /** Contrast ratio of WCAG 2.2, 1 to 21. @param {string} one @param {string} other */
  function contrast(one, other) {
    const [low, high] = [luminance(one), luminance(other)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  }

  /**
   * The text colour for a ground: white where that is readable, otherwise the darker of near black and black.
   * @param {string} ground
   * @param {number} [ratio]  4.5 for text, 3 for large bold text (WCAG 2.2, 1.4.3).
   */
  function inkOn(ground, ratio = 4.5) {
    const readable = ['#ffffff', '#14101f'].find((ink) => contrast(ink, ground) >= ratio);
    return readable || (contrast('#ffffff', ground) > contrast('#000000', ground) ? '#ffffff' : '#000000');
  }

  const colour = { mix, translucent, contrast, inkOn };

  /** Hand the four colours, and what follows from them, to the style sheets. */
  function paintPage() {
    const { primary, secondary, accent, background } = config.visuals.colors;
    const ink = inkOn(background);
    const dark = ink === '#ffffff';
    const panel = dark ? mix(mix(background, primary, 0.28), '#ffffff', 0.05) : mix(background, '#ffffff', 0.85);
    const panelInk = inkOn(panel);
    const prize = [accent, secondary, primary].find((tone) => contrast(tone, panel) >= 4.5) || panelInk;
    // Tints behind text go only as far as text stays readable on them.
    const tint = [0.55, 0.45, 0.35, 0.25, 0.15, 0].find((share) => contrast(ink, mix(background, primary, share)) >= 5.5);
    // An unknown picture may be as bright, or as dark, as the text itself.
    const veil = [0.55, 0.65, 0.75, 0.85].find((share) => contrast(ink, mix(ink, background, share)) >= 4.5) || 0.94;
    const face = mix(accent, '#ffffff', 0.12);
    const values = {
      accent, background, ink, panel, 'panel-ink': panelInk, prize,
      lift: mix(background, primary, tint || 0), deep: mix(background, '#000000', dark ? 0.45 : 0.06),
      face, 'face-ink': inkOn(face, 3.1), 'accent-dark': mix(accent, '#000000', 0.38),
      'glow-colour': translucent(dark ? accent : primary, 0.55 * Number(config.visuals.animations.glow || 0)),
      'ray-colour': translucent(dark ? mix(accent, '#ffffff', 0.3) : '#ffffff', dark ? 0.055 : 0.36),
      line: translucent(ink, 0.16), veil: String(veil),
      shade: translucent('#000000', dark ? 0.5 : 0.22),
    };
    Object.entries(values).forEach(([name, value]) => root.style.setProperty(`--${name}`, value));
  }

  const reducedMotion = window.matchMedia('(prefers-reduced-motion: reduce)');

  const clock = (function () {
    let skipped = 0;
    /** @type {number|null} */
    let stoppedAt = null;
    return {
      now: () => (stoppedAt === null ? performance.now() : stoppedAt) - skipped,
      stop() {
        if (stoppedAt === null) stoppedAt = performance.now();
      },
      go() {
        if (stoppedAt !== null) skipped += performance.now() - stoppedAt;
        stoppedAt = null;
      },
    };
  })();

  const audio = (function () {
    /** @type {AudioContext|null} */
    let context = null;
    /** @type {GainNode} */
    let master;
    /** @type {GainNode} */
    let music;
    /** @type {AnalyserNode} */
    let meter;
    /** @type {AudioBufferSourceNode|null} */
    let source = null;
    let muted = false;
    let held = false;
    const { bgm, sfx } = config.audio;

    /** Only from a gesture: browsers keep a context silent, and ad networks refuse sound, before one. */
    function unlock() {
      if (!context) {
        context = new AudioContext();
        master = new GainNode(context, { gain: muted ? 0 : 1 });
        music = new GainNode(context, { gain: 0 });
        meter = new AnalyserNode(context, { fftSize: 2048 });
        music.connect(master).connect(meter).connect(context.destination);
        if (bgm.enabled && bgm.uri) loadMusic(bgm.uri);
      }
      if (!held && context.state !== 'running') context.resume().catch(() => undefined);
    }

    /** The music is a script, because neither file:// nor a sandboxed frame lets a page fetch. @param {string} uri */
    function loadMusic(uri) {
      const script = document.createElement('script');
      script.src = uri;
      script.onload = () => {
        const encoded = atob(window.CampaignMusic.base64);
        delete window.CampaignMusic;
        script.remove();
        const bytes = Uint8Array.from(encoded, (character) => character.charCodeAt(0));
        // Without its music the game still plays.
        /** @type {AudioContext} */ (context).decodeAudioData(bytes.buffer).then(playMusic, () => undefined);
      };
      document.head.append(script);
    }

    /** @param {AudioBuffer} buffer */
    function playMusic(buffer) {
      if (!context) return;
      const from = Number(bgm.loop_start_sec || 0);
      const to = Number(bgm.loop_end_sec || buffer.duration);
      source = new AudioBufferSourceNode(context, { buffer, loop: bgm.loop, loopStart: from, loopEnd: to });
      source.connect(music);
      // What lies outside the loop points is there for decoders, and is never heard.
      if (bgm.loop) source.start(0, from);
      else source.start(0, from, to - from);
      music.gain.setTargetAtTime(bgm.volume, context.currentTime, 0.25);
    }

    /** @param {boolean} value */
    function mute(value) {
      muted = value;
      if (context) {
        master.gain.cancelScheduledValues(context.currentTime);
        master.gain.setValueAtTime(master.gain.value, context.currentTime);
        master.gain.linearRampToValueAtTime(muted ? 0 : 1, context.currentTime + 0.05);
      }
    }

    /** Fall silent while the game stands still. @param {boolean} value */
    function hold(value) {
      held = value;
      if (context) (held ? context.suspend() : context.resume()).catch(() => undefined);
    }

    /**
     * One struck note.
     * @param {{hz: number, to?: number, at?: number, length: number, level: number, type?: OscillatorType}} note
     */
    function note({ hz, to = hz, at = 0, length, level, type = 'sine' }) {
      if (!context) return;
      const start = context.currentTime + at;
      const voice = new OscillatorNode(context, { type, frequency: hz });
      const envelope = new GainNode(context, { gain: 0 });
      voice.frequency.exponentialRampToValueAtTime(to, start + length);
      envelope.gain.setValueAtTime(0, start);
      envelope.gain.linearRampToValueAtTime(level, start + 0.004);
      envelope.gain.exponentialRampToValueAtTime(0.0001, start + length);
      voice.connect(envelope).connect(master);
      voice.start(start);
      voice.stop(start + length);
    }

    /** Air that rushes past. @param {number} level @param {number} length */
    function rush(level, length) {
      if (!context) return;
      const start = context.currentTime;
      const noise = new AudioBuffer({ length: Math.ceil(length * context.sampleRate), sampleRate: context.sampleRate });
      noise.getChannelData(0).forEach((_, i, samples) => {
        samples[i] = Math.random() * 2 - 1;
      });
      const filter = new BiquadFilterNode(context, { type: 'bandpass', Q: 0.9, frequency: 300 });
      filter.frequency.exponentialRampToValueAtTime(1800, start + length * 0.3);
      filter.frequency.exponentialRampToValueAtTime(260, start + length);
      const envelope = new GainNode(context, { gain: 0 });
      envelope.gain.setValueAtTime(0, start);
      envelope.gain.linearRampToValueAtTime(level, start + length * 0.25);
      envelope.gain.linearRampToValueAtTime(0, start + length);
      const voice = new AudioBufferSourceNode(context, { buffer: noise });
      voice.connect(filter).connect(envelope).connect(master);
      voice.start(start);
    }

    /** @type {Record<string, (level: number) => void>} */
    const effects = {
      tick(level) {
        note({ hz: 1900, to: 900, length: 0.045, level: level * 0.5, type: 'triangle' });
        note({ hz: 420, to: 200, length: 0.03, level: level * 0.4 });
      },
      spin: (level) => rush(level, 1.1),
      win(level) {
        [523.25, 659.26, 783.99, 1046.5, 1318.51].forEach((hz, i) => {
          note({ hz, at: i * 0.09, length: 0.9, level: level * 0.3, type: 'triangle' });
          note({ hz: hz * 2.004, at: i * 0.09, length: 0.5, level: level * 0.1 });
        });
      },
      lose(level) {
        [392, 349.23, 293.66].forEach((hz, i) => note({ hz, at: i * 0.17, length: 0.6, level: level * 0.35, type: 'triangle' }));
      },
    };

    /** Play a sound effect at the volume that the configuration gives it. @param {string} name */
    function play(name) {
      if (!context || held || muted || !sfx[name]) return;
      effects[name](sfx[name].volume);
      if (name !== 'win' && name !== 'lose') return;
      // The result is heard above the music.
      music.gain.setTargetAtTime(bgm.volume * 0.35, context.currentTime, 0.05);
      music.gain.setTargetAtTime(bgm.volume, context.currentTime + 1.3, 0.4);
    }

    /** What a test may know: the level is the RMS of what is being heard, 0 to 1. */
    function inspect() {
      const samples = new Float32Array(2048);
      if (context) meter.getFloatTimeDomainData(samples);
      return {
        context: context ? context.state : 'none',
        started: source !== null,
        loop: source !== null && source.loop,
        loopStart: source ? source.loopStart : null,
        loopEnd: source ? source.loopEnd : null,
        muted,
        level: Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length),
      };
    }

    return { unlock, mute, hold, play, inspect, isMuted: () => muted };
  })();

  /**
   * Give a canvas the pixels of the screen and a context that counts in CSS pixels.
   * @param {HTMLCanvasElement} canvas
   * @param {number} width
   * @param {number} height
   */
  function sharp(canvas, width, height) {
    // Above 2.5 nobody sees the difference, and a phone's memory does.
    const scale = Math.min(window.devicePixelRatio || 1, 2.5);
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    return pen;
  }

  const confetti = (function () {
    const lifetime = 4200;
    const canvas = /** @type {HTMLCanvasElement} */ (element('confetti'));
    /** @type {{x: number, y: number, vx: number, vy: number, size: number, spin: number, phase: number, paint: string}[]} */
    let pieces = [];
    let since = 0;
    /** @type {CanvasRenderingContext2D} */
    let pen;

    /** Two cannons at the lower corners. Each place is a function of the age: a skipped picture changes nothing. */
    function fire() {
      const count = reducedMotion.matches ? 0 : Number(config.visuals.animations.confetti_pieces || 0);
      const { primary, secondary, accent } = config.visuals.colors;
      const paints = [accent, mix(primary, '#ffffff', 0.35), mix(secondary, '#ffffff', 0.25), mix(accent, '#ffffff', 0.55), '#ffffff'];
      const reach = Math.hypot(window.innerWidth, window.innerHeight);
      since = clock.now();
      pieces = Array.from({ length: count }, (_, i) => {
        const left = i % 2 === 0;
        const angle = (0.2 + Math.random() * 0.24) * Math.PI;
        const speed = reach * (1.1 + Math.random() * 1.7);
        return {
          x: left ? -12 : window.innerWidth + 12, y: window.innerHeight * (0.72 + Math.random() * 0.16),
          vx: Math.cos(angle) * speed * (left ? 1 : -1), vy: -Math.sin(angle) * speed,
          size: 6 + Math.random() * 7, spin: 3 + Math.random() * 7, phase: Math.random() * 7, paint: paints[i % paints.length],
        };
      });
      if (count) pen = sharp(canvas, window.innerWidth, window.innerHeight);
    }

    function clear() {
      if (pieces.length) pen.clearRect(0, 0, canvas.width, canvas.height);
      pieces = [];
    }

    /** @param {number} now */
    function frame(now) {
      if (!pieces.length) return;
      const age = now - since;
      if (age > lifetime) {
        clear();
        return;
      }
      const t = age / 1000;
      const drag = (1 - Math.exp(-2.4 * t)) / 2.4;
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.globalAlpha = Math.min(1, (lifetime - age) / 900);
      pieces.forEach((piece) => {
        const turn = piece.phase + t * piece.spin;
        pen.save();
        pen.translate(piece.x + piece.vx * drag + Math.sin(turn * 0.7) * 14, piece.y + piece.vy * drag + 150 * t * t);
        pen.rotate(turn * 0.6);
        pen.scale(1, Math.cos(turn));
        pen.fillStyle = piece.paint;
        pen.fillRect(-piece.size / 2, -piece.size / 3, piece.size, piece.size / 1.5);
        pen.restore();
      });
    }

    return { fire, clear, frame };
  })();

  /** @param {string} type @param {object} [content] */
  function post(type, content = {}) {
    const message = { source: 'campaign-game', version: 1, type, ...content };
    document.dispatchEvent(new CustomEvent('campaign-game', { detail: message, bubbles: true }));
    // A sandboxed frame can't know its parent's origin, and nothing in here is secret.
    if (framed) window.parent.postMessage(message, '*');
  }

  /** @type {Record<string, (message: any) => void>} */
  const commands = {
    start: () => start(),
    reset: () => reset(),
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    mute({ muted }) {
      if (typeof muted === 'boolean') setMuted(muted);
    },
    seed({ value }) {
      if (isOpen() && (typeof value === 'string' || Number.isFinite(value))) seed = value;
    },
    outcome({ outcome, prize }) {
      if (!isOpen() || !hostDecides || (outcome !== 'win' && outcome !== 'lose')) return;
      supplied = { outcome, prize: typeof prize === 'string' ? prize : null };
      if (state === 'waiting') start();
    },
  };

  /** @param {MessageEvent} event */
  function receive(event) {
    const message = event.data;
    if (!framed || event.source !== window.parent || typeof message !== 'object' || message === null) return;
    if (message.source !== 'campaign-player' || message.version !== 1) return;
    if (Object.prototype.hasOwnProperty.call(commands, message.type)) commands[message.type](message);
  }

  const hostDecides = config.mechanics.outcome_mode === 'host_supplied';
  /** @type {'loading'|'ready'|'waiting'|'playing'|'complete'} */
  let state = 'loading';
  /** @type {string|number|undefined} */
  let seed;
  /** @type {{outcome: 'win'|'lose', prize: string|null}|null} */
  let supplied = null;
  let startedAt = 0;
  let paused = false;
  /** @type {Game} */
  let game;

  const isOpen = () => state === 'ready' || state === 'waiting';

  /** @param {typeof state} next */
  function enter(next) {
    state = next;
    root.dataset.state = next;
    element('instructions').textContent = next === 'waiting' ? text.wait : config.copy.instructions;
    element('action').setAttribute('aria-disabled', String(next !== 'ready'));
  }

  /** Begin the play; where the host decides and has not yet, wait for it and say so. */
  function start() {
    if (!isOpen()) return;
    if (hostDecides && !supplied) {
      enter('waiting');
      announce(text.wait);
      return;
    }
    const random = createRandom(seed);
    const { outcome, prize } = supplied || { outcome: draw(config, random), prize: null };
    startedAt = clock.now();
    enter('playing');
    post('game_started');
    game.begin({ random, outcome, prize });
  }

  /** End the play: tell the host, the player and who can't see. @param {Result} result */
  function complete({ outcome, score, playerResult, prize }) {
    if (state !== 'playing') return;
    enter('complete');
    const won = outcome === 'win';
    const message = won ? config.copy.win_message : config.copy.lose_message;
    element('result').dataset.outcome = outcome;
    element('result-prize').textContent = prize;
    element('result-message').textContent = message;
    element('result').hidden = false;
    element('again').focus({ preventScroll: true });
    announce(`${message} ${prize}`);
    audio.play(outcome);
    if (won) confetti.fire();
    post('game_complete', {
      template_id: config.template_id, outcome, score,
      duration_ms: Math.round(clock.now() - startedAt), player_result: playerResult,
    });
  }

  /** Begin a new play; a play under way ends without a result, and seed and outcome were for that one only. */
  function reset() {
    const refocus = element('result').contains(document.activeElement);
    seed = undefined;
    supplied = null;
    confetti.clear();
    element('result').hidden = true;
    announce('');
    enter('ready');
    game.reset();
    if (refocus) element('action').focus({ preventScroll: true });
    post('game_ready');
  }

  /** @param {boolean} value */
  function setMuted(value) {
    audio.mute(value);
    element('mute').setAttribute('aria-pressed', String(value));
  }

  /** @param {boolean} value */
  function setPaused(value) {
    if (paused === value) return;
    paused = value;
    element('pause').setAttribute('aria-pressed', String(value));
    element('veil').hidden = !value;
    element('play').inert = value;
    if (value) {
      announce(text.paused);
      element('resume').focus({ preventScroll: true });
    } else {
      (state === 'complete' ? element('again') : element('action')).focus({ preventScroll: true });
    }
    hold();
  }

  /** Time and sound stand still while the game is paused or out of sight. */
  function hold() {
    const still = paused || document.hidden;
    if (still) clock.stop();
    else clock.go();
    audio.hold(still);
    root.dataset.still = String(still);
  }

  /** @param {string} slot  Pictures keep their place in the page and appear only when the campaign has them. */
  function showPicture(slot) {
    const uri = config.visuals.assets[slot];
    const picture = /** @type {HTMLImageElement|null} */ (document.getElementById(slot));
    if (!uri || !picture) return;
    picture.src = uri;
    picture.hidden = false;
    root.classList.add(`has-${slot}`);
  }

  function fillPage() {
    const { title } = config.copy;
    if (/^(ar|fa|he|ur)$/.test(language)) root.dir = 'rtl';
    element('title').textContent = title;
    element('title').classList.toggle('long', title.length > 26);
    element('mute').setAttribute('aria-label', text.mute);
    element('pause').setAttribute('aria-label', text.pause);
    element('paused').textContent = text.paused;
    element('resume').textContent = text.resume;
    element('again').textContent = text.again;
    ['logo', 'background'].forEach(showPicture);
  }

  /** What the player's main button means now. */
  function act() {
    if (paused) return;
    if (state === 'ready') start();
  }

  function listen() {
    element('action').addEventListener('click', act);
    element('again').addEventListener('click', reset);
    element('mute').addEventListener('click', () => setMuted(!audio.isMuted()));
    element('pause').addEventListener('click', () => setPaused(!paused));
    element('resume').addEventListener('click', () => setPaused(false));
    document.addEventListener('keydown', (event) => {
      const idle = event.target === document.body || event.target === root;
      if (!idle || event.repeat || (event.key !== ' ' && event.key !== 'Enter')) return;
      event.preventDefault();
      act();
    });
    ['click', 'keydown', 'pointerup'].forEach((type) => {
      document.addEventListener(type, (event) => event.isTrusted && audio.unlock(), { capture: true });
    });
    document.addEventListener('visibilitychange', hold);
    window.addEventListener('message', receive);
    window.addEventListener('resize', confetti.clear);
    new ResizeObserver(() => game.resize()).observe(element('stage'));
  }

  /** Take the game on stage. @param {Game} entered */
  function mount(entered) {
    game = entered;
    paintPage();
    fillPage();
    enter('ready');
    game.reset();
    listen();
    hold();
    let last = clock.now();
    requestAnimationFrame(function picture() {
      const now = clock.now();
      if (root.dataset.still !== 'true') {
        game.frame(now, now - last);
        confetti.frame(now);
      }
      last = now;
      requestAnimationFrame(picture);
    });
    post('game_ready');
  }

  return {
    config, words, announce, createRandom, draw, pick, colour, reducedMotion, clock, audio, sharp, mount, act, complete,
    element, state: () => state,
  };
})();
