// graphile-worker: its own runner. It deletes a job that is done and keeps no history, so a trigger on the
// deleting statement writes one row per job in the same transaction: the cheapest way there is.
//
//     node graphile-worker.mjs DSN JOBS AT_ONCE LOCAL_QUEUE     (LOCAL_QUEUE 0: nothing is batched)
import { createRequire } from 'node:module'

const find = createRequire(process.env.QUEUES_HOME + '/')
const { Logger, makeWorkerUtils, run } = find('graphile-worker')
const [dsn, jobs, atOnce, localQueue] = [process.argv[2], ...process.argv.slice(3).map(Number)]

const quiet = new Logger(() => () => {})
const utils = await makeWorkerUtils({ connectionString: dsn, logger: quiet })
await utils.migrate()
const sql = (text, values) => utils.withPgClient((client) => client.query(text, values))
await sql('CREATE TABLE history (job_id bigint, at timestamptz, kind text, data json)')
await sql(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO history SELECT id, clock_timestamp(), 'job.done', payload FROM gone; RETURN NULL; END $$`)
await sql(`CREATE TRIGGER keep AFTER DELETE ON graphile_worker._private_jobs
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION keep()`)
await sql(`SELECT count(graphile_worker.add_job('job', json_build_object('n', n))) FROM generate_series(1, $1::int) n`, [jobs])
await sql('ANALYZE')
await sql('CHECKPOINT')

const batched = localQueue ? { localQueue: { size: localQueue }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } : {}
let left = jobs
let finish
const finished = new Promise((resolve) => { finish = resolve })
console.log(JSON.stringify({ began: Date.now() / 1000 }))
const runner = await run({
  preset: { worker: { connectionString: dsn, concurrentJobs: atOnce, maxPoolSize: Math.max(10, atOnce + 1), logger: quiet, ...batched } },
  taskList: { job: async () => { if (--left === 0) finish() } },
  noHandleSignals: true
})
await finished
await runner.stop()
await utils.release()
process.exit(0)
