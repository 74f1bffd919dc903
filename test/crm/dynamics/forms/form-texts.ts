import fc from 'fast-check'

/** Forms as text in every unusual form that XML allows. The product's own writer is not used. */

/** Text between elements that has no meaning. */
const gap = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  fc.constantFrom(' ', '\r\n', '\n\t  ', '\r\n\r\n   ', '  '),
  fc.constantFrom(
    '<!-- <section name="em_subscriptions"/> -->',
    '<!--\r\n&unknown; -->',
    '<?note a="</tab>"?>',
  ),
)
const inTag = fc.constantFrom(' ', '  ', '\r\n ', '\t')
const value = fc.constantFrom(
  'Kontakt &amp; firma',
  '&quot;A&quot;',
  'Ærlig',
  '联系人',
  '🙂',
  'a > b',
  '&#x41;',
  'two  blanks',
  '',
)

function oneOfThese(...texts: string[]) {
  return fc.constantFrom(...texts)
}

/** Attributes with either quote, odd blanks and any order. */
function attributes(pairs: Readonly<Record<string, string>>) {
  const written = Object.entries(pairs).map(([name, text]) =>
    fc
      .tuple(inTag, oneOfThese('=', ' = ', '=\r\n'), oneOfThese('"', "'"))
      .map(([before, equals, quote]) => `${before}${name}${equals}${quote}${text}${quote}`),
  )
  return fc
    .tuple(...written)
    .chain((texts) =>
      fc.shuffledSubarray(texts, { minLength: texts.length, maxLength: texts.length }),
    )
    .map((texts) => texts.join(''))
}

function element(
  name: string,
  attributesOf: fc.Arbitrary<string>,
  content: fc.Arbitrary<readonly string[]>,
) {
  return fc
    .tuple(attributesOf, content, gap, fc.array(gap, { maxLength: 4 }), oneOfThese('', ' ', '\r\n'))
    .map(([written, parts, first, gaps, last]) => {
      const inside = parts.map((part, place) => part + (gaps[place] ?? '')).join('')
      return `<${name}${written}>${first}${inside}</${name}${last}>`
    })
}

const none = fc.constant('')
const language = fc.constantFrom('1033', '1044', '1053', '1025')

const labels = (text: fc.Arbitrary<string>) =>
  element(
    'labels',
    none,
    fc.array(
      fc
        .tuple(text, language)
        .chain(([description, languagecode]) => attributes({ description, languagecode }))
        .map((written) => `<label${written}/>`),
      { minLength: 1, maxLength: 3 },
    ),
  )

/** An id that is neither ours nor used twice. */
const guid = fc.uuid().map((id) => `{${id}}`)

const section = guid.chain((id) =>
  element(
    'section',
    attributes({ name: `section_${id.slice(1, 9)}`, id, columns: '1' }),
    fc.tuple(
      labels(value),
      fc.constant(`<rows><row><cell id="${id}"><control id="c${id}"/></cell></row><row /></rows>`),
    ),
  ),
)

const sections = fc.oneof(
  { weight: 3, arbitrary: element('sections', none, fc.array(section, { maxLength: 2 })) },
  oneOfThese(
    '<sections/>',
    '<sections />',
    '<sections\r\n a="b/c"  />',
    '<sections></sections>',
    '<sections> </sections>',
    '<sections>  <!-- none --></sections >',
  ),
)

const tab = (name: string, label: fc.Arbitrary<string>) =>
  guid.chain((id) =>
    element(
      'tab',
      attributes({ name, id, verticallayout: 'true' }),
      fc.tuple(
        labels(label),
        element(
          'columns',
          none,
          fc.array(
            sections.map((list) => `<column width='33%'>${list}</column>`),
            { minLength: 1, maxLength: 2 },
          ),
        ),
      ),
    ),
  )

const descriptions = fc.oneof(
  { weight: 3, arbitrary: none },
  oneOfThese(
    '<controlDescriptions/>',
    '<controlDescriptions />',
    '<controlDescriptions></controlDescriptions>',
    '<controlDescriptions>\r\n</controlDescriptions>',
    "<controlDescriptions>  <controlDescription forControl='{a}'><x/></controlDescription> </controlDescriptions>",
  ),
)

const behind = fc.tuple(
  oneOfThese(
    '',
    '<header id="{h}"><rows/></header>',
    '<header id="{h}" ><rows /></header ><footer/>',
  ),
  descriptions,
  oneOfThese('', '<DisplayConditions Order="0"><Everyone/></DisplayConditions>'),
  oneOfThese(
    '',
    '<events><event><![CDATA[</form><section name="em_subscriptions">]]></event></events>',
  ),
)

const start = fc.tuple(
  oneOfThese('', '\uFEFF'),
  oneOfThese('', '<?xml version="1.0" encoding="utf-8"?>', "<?xml version='1.0'?>\r\n"),
)

const DETAILS = 'DETAILS_TAB'

/** A form with a tab of the stock name somewhere among up to three others. */
export const formText: fc.Arbitrary<string> = fc
  .tuple(
    start,
    attributes({ showImage: 'true', 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance' }),
    fc.array(tab('OTHER_TAB', value), { maxLength: 2 }),
    tab(DETAILS, value),
    fc.array(tab('LAST_TAB', value), { maxLength: 1 }),
    fc.array(gap, { minLength: 8, maxLength: 8 }),
    behind,
    oneOfThese('', '\r\n', '<!-- end -->'),
  )
  .map(([[bom, declaration], written, before, details, after, gaps, rest, end]) => {
    const tabs = [...before, details, ...after].map((text, place) => text + (gaps[place] ?? ''))
    const tail = rest.map((text, place) => text + (gaps[place + 4] ?? '')).join('')
    return `${bom}${declaration}<form${written}>${gaps[4]}<tabs>${tabs.join('')}</tabs>${tail}</form>${end}`
  })
