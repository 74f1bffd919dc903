import { addListItem } from '../../../simulators/superoffice/model/standard-lists.js'
import type { RichLife } from './rich-life.js'
import { SuperOfficeLives } from './superoffice-life.js'

const KEY = 'OwnBasis'

/**
 * Random lives in a SuperOffice whose tenant has a legal basis of its own, which the connection file sometimes maps
 * (C2).
 */
export class OwnBasisLives extends SuperOfficeLives {
  /** null: as the previous lives left it. */
  private mapped: boolean | null = null

  override async step(): Promise<void> {
    const roll = this.rich.random()
    if (roll < 0.05 || this.mapped === null) {
      await this.applies(!this.mapped)
    } else if (roll < 0.2) {
      this.setsOwn(this.pick(this.lives))
    } else {
      await super.step()
    }
  }

  override async settle(): Promise<void> {
    await super.settle()
    await this.applies(this.rich.random() < 0.5)
  }

  /** A person with the tenant's own basis that no file maps is on no list either. */
  protected override hasLeft(life: RichLife): boolean {
    const oldest = this.oldestOf(life)
    const unmapped =
      !this.mapped &&
      oldest !== undefined &&
      this.given.crm.key(oldest)?.toUpperCase() === KEY.toUpperCase()
    return unmapped || super.hasLeft(life)
  }

  private async applies(mapped: boolean): Promise<void> {
    this.mapped = mapped
    await this.given.applies(mapped ? { legalBases: { [KEY]: 'contract' } } : {})
    this.noteInAll(`the file ${mapped ? 'maps' : 'does not map'} the own basis`)
  }

  private setsOwn(life: RichLife): void {
    const id = this.livingOf(life)
    if (id !== null) {
      const { crm } = this.given
      this.ensureListed()
      crm.setOwn(id, 'marketingSendouts', KEY)
      life.acts.push({ value: 'contract', where: id })
      life.story.push(`${id}: own basis`)
    }
  }

  private ensureListed(): void {
    const { world } = this.given.crm
    if (![...world.store.legalbase.from()].some(({ key }) => key === KEY)) {
      const item = { key: KEY, name: 'Our own', rank: 90, tooltip: '' }
      addListItem(world.store, 'legalbase', item, world.nowSeconds())
    }
  }
}
