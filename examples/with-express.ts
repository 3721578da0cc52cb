// WebSockets beside an Express application, on the same port, for people who are logged in.
import express from 'express'
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'

const names = new Map([['secret-of-ann', 'ann']]) // stands for your session store

const app = express()
app.get('/', (_request, response) => {
  response.send('hello')
})

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  http: app,
  routes: {
    '/me': callbacks({
      upgrade: async (request) => {
        const name = await Promise.resolve(names.get(request.cookies['session'] ?? ''))
        return name === undefined ? { refuse: 401, reason: 'Log in first' } : { data: { name } }
      },
      open: (connection) => void connection.send(`hello ${connection.data.name}`),
    }),
  },
})
console.log(server.url)
