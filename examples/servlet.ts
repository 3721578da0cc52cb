// A library over one line: questions with ids, answered as they are ready; one answer, many, or why there is none.
import { setTimeout } from 'node:timers/promises'
import { contract, serve } from 'holdline'
import type { Out, UpgradeRequest } from 'holdline'
import { RequestError, servlet } from 'holdline/servlet'
import { z } from 'zod'

const books = [
  { title: 'Emma', by: 'Austen', pages: 474 },
  { title: 'Persuasion', by: 'Austen', pages: 249 },
  { title: 'Middlemarch', by: 'Eliot', pages: 880 },
]

const Library = contract({
  in: z.discriminatedUnion('ask', [
    z.object({ ask: z.literal('find'), title: z.string().max(100) }),
    z.object({ ask: z.literal('list'), by: z.string().max(100) }),
    z.object({ ask: z.literal('read'), title: z.string().max(100) }),
  ]),
  out: z.object({ reader: z.string(), title: z.string(), pages: z.number() }),
})

function* booksBy(author: string, reader: string): Generator<Out<typeof Library>> {
  for (const { by, title, pages } of books) if (by === author) yield { reader, title, pages }
}

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: {
    '/library': servlet(
      Library,
      async (question, { data, signal }) => {
        const { reader } = data
        if (question.ask === 'list') return booksBy(question.by, reader)
        const book = books.find(({ title }) => title === question.title)
        if (book === undefined) {
          const { title } = question
          throw new RequestError('NOT_ON_THE_SHELF', 'We do not have this book', { title })
        }
        // Reading takes a second a page. Who hangs up, or has no time left, stops.
        if (question.ask === 'read') await setTimeout(book.pages * 1_000, undefined, { signal })
        return { reader, title: book.title, pages: book.pages }
      },
      {
        concurrency: 8,
        deadlineMs: 200,
        upgrade: (request: UpgradeRequest) => {
          const reader = request.cookies['card']
          return reader === undefined
            ? { refuse: 401, reason: 'a library card, please' }
            : { data: { reader } }
        },
      },
    ),
  },
})
console.log(server.url)
