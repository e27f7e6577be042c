// pg-boss: a finished job stays in its table with its new state; a trigger on the completing statement writes one
// row of history per job in the same transaction.
//
//     node pg-boss.mjs DSN JOBS BATCH     (BATCH 1: ten loops of fetch and complete; else work() in bursts)
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const find = createRequire(process.env.QUEUES_HOME + '/')
const { PgBoss } = await import(pathToFileURL(find.resolve('pg-boss')))
const [dsn, jobs, batch] = [process.argv[2], ...process.argv.slice(3).map(Number)]

const boss = new PgBoss({ connectionString: dsn, max: 12, supervise: false, schedule: false })
boss.on('error', (error) => { console.error(error); process.exit(1) })
await boss.start()
await boss.createQueue('job')
const sql = (text) => boss.getDb().executeSql(text)
await sql('CREATE TABLE history (job_id uuid, at timestamptz, kind text, data json)')
await sql(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO history SELECT id, clock_timestamp(), 'job.done', data FROM now_so WHERE state = 'completed'; RETURN NULL; END $$`)
for (const { table } of (await sql(`SELECT oid::regclass::text AS table FROM pg_class
    WHERE relnamespace = 'pgboss'::regnamespace AND relkind IN ('r', 'p') AND relname ~ '^job($|_common$)'`)).rows) {
  await sql(`CREATE TRIGGER keep AFTER UPDATE ON ${table} REFERENCING NEW TABLE AS now_so FOR EACH STATEMENT EXECUTE FUNCTION keep()`)
}
for (let at = 0; at < jobs; at += 1000) {
  const some = Array.from({ length: Math.min(1000, jobs - at) }, (_, n) => ({ data: { n: at + n } }))
  await boss.insert('job', some)
}
await sql('ANALYZE')
await sql('CHECKPOINT')

console.log(JSON.stringify({ began: Date.now() / 1000 }))
if (batch === 1) {
  await Promise.all(Array.from({ length: 10 }, async () => {
    for (;;) {
      const found = await boss.fetch('job')
      if (!found.length) return
      await boss.complete('job', found.map((job) => job.id))
    }
  }))
} else {
  let left = jobs
  await new Promise((resolve) => {
    boss.work('job', { batchSize: batch, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5, localConcurrency: 2 },
      async (found) => { left -= found.length; if (left === 0) resolve() })
  })
}
await boss.stop({ graceful: true, close: true, timeout: 10000 })
process.exit(0)
