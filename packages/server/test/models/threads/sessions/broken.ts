// Does not load.
throw new Error('a broken module')
