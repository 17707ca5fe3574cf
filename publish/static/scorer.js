/* How search results are ranked: Sphinx's own points, and what people read before what lists it. */
var Scorer = {
  score: ([page, , , , score]) => {
    const lists = /(^|\/)(bibliography|claims|data|genindex|run|quality|accessibility)$/;
    return lists.test(page) ? score / 4 : score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
