import type { Screen } from '../../src/cli/setup/watch-setup.js'

/** The parts of a terminal that the live view uses: wrapping, moving up, erasing. It scrolls like one. */
export class TerminalScreen implements Screen {
  cursorHidden = false
  writes = 0
  #lines: string[][] = [[]]
  #row = 0
  #column = 0

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {}

  write(text: string): void {
    this.writes += 1
    for (const [part] of text.matchAll(/\u001B\[\??\d*[A-Za-z]|[\s\S]\p{Mn}*/gu)) {
      this.#take(part)
    }
  }

  /** Its text, with lines that were scrolled away. */
  text(): string {
    return this.#lines.map((line) => line.join('').trimEnd()).join('\n')
  }

  #take(part: string): void {
    if (part.startsWith('\u001B[')) {
      this.#control(part.slice(2))
    } else if (part === '\r') {
      this.#column = 0
    } else if (part === '\n') {
      this.#down()
    } else {
      const width = /\p{Script=Han}/u.test(part) ? 2 : 1
      if (this.#column + width > this.columns) {
        this.#column = 0
        this.#down()
      }
      const line = this.#lines[this.#row]!
      while (line.length < this.#column) {
        line.push(' ')
      }
      line[this.#column] = part
      if (width === 2) {
        line[this.#column + 1] = ''
      }
      this.#column += width
    }
  }

  #control(code: string): void {
    if (code.startsWith('?25')) {
      this.cursorHidden = code.endsWith('l')
    } else if (code.endsWith('A')) {
      // Lines that were scrolled off the top cannot be reached.
      const top = Math.max(0, this.#lines.length - this.rows)
      this.#row = Math.max(top, this.#row - Number(code.slice(0, -1)))
    } else if (code === 'K') {
      this.#lines[this.#row]!.length = Math.min(
        this.#column === this.columns ? this.columns - 1 : this.#column,
        this.#lines[this.#row]!.length,
      )
    } else if (code === 'J') {
      this.#control('K')
      this.#lines.length = this.#row + 1
    }
  }

  #down(): void {
    this.#row += 1
    this.#lines[this.#row] ??= []
  }
}
