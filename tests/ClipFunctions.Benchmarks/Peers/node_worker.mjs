// transformers.js and sharp as peers: node node_worker.mjs NODE_MODULES THREADS. The protocol is openai_worker.py's.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [modules, threadsText] = process.argv.slice(2);
const threads = Number(threadsText);
const require = createRequire(join(modules, 'worker.cjs'));
const sharp = require('sharp');
const transformers = await import(pathToFileURL(require.resolve('@huggingface/transformers')).href);
const { env, Tensor, CLIPVisionModelWithProjection, AutoProcessor, AutoTokenizer, RawImage } = transformers.default ?? transformers;
const version = name => JSON.parse(readFileSync(join(modules, name, 'package.json'))).version;
env.allowRemoteModels = false;
env.allowLocalModels = true;
sharp.cache(false);

const models = new Map();
async function visionModel(folder) {
  if (!models.has(folder)) {
    env.localModelPath = dirname(folder);
    models.set(folder, await CLIPVisionModelWithProjection.from_pretrained(basename(folder), {
      dtype: 'fp32', device: 'cpu', session_options: { intraOpNumThreads: threads },
    }));
  }
  return models.get(folder);
}

const mean = [0.48145466, 0.4578275, 0.40821073], std = [0.26862954, 0.26130258, 0.27577711], plane = 224 * 224;
function normalized(path, count) {
  const bytes = readFileSync(path), values = new Float32Array(count * 3 * plane);
  for (let n = 0; n < count; n++)
    for (let i = 0; i < plane; i++)
      for (let c = 0; c < 3; c++)
        values[(n * 3 + c) * plane + i] = (bytes[(n * plane + i) * 3 + c] / 255 - mean[c]) / std[c];
  return new Tensor('float32', values, [count, 3, 224, 224]);
}

const kinds = {
  async image({ model, pixels, count }) {
    const vision = await visionModel(model), pixel_values = normalized(pixels, count);
    return async () => (await vision({ pixel_values })).image_embeds.data;
  },
  // From JPEG files to vectors, as its documentation shows.
  async pictures({ model, pictures }) {
    const vision = await visionModel(model), processor = await AutoProcessor.from_pretrained(basename(model));
    const files = pictures.map(path => new Blob([readFileSync(path)]));
    return async () => {
      const images = await Promise.all(files.map(file => RawImage.fromBlob(file)));
      return (await vision(await processor(images))).image_embeds.data;
    };
  },
  // JPEG bytes to 224 × 224 red, green and blue bytes; one iteration is one picture for each thread.
  async pixels({ picture, threads: count }) {
    sharp.concurrency(1);
    const data = readFileSync(picture);
    const one = () => sharp(data).resize(224, 224, { kernel: 'cubic', fit: 'cover' }).removeAlpha().raw().toBuffer();
    return async () => (await Promise.all(Array.from({ length: count }, one)))[0];
  },
  async tokens({ model, captions }) {
    env.localModelPath = dirname(model);
    const tokenizer = await AutoTokenizer.from_pretrained(basename(model));
    const texts = readFileSync(captions, 'utf8').split('\n');
    return async () => tokenizer(texts, { padding: 'max_length', max_length: 77, truncation: true }).input_ids.data;
  },
};

let run, result;
const operations = {
  async prepare(request) {
    [run, result] = [undefined, undefined];
    run = await kinds[request.kind](request);
    return {};
  },
  async run({ iterations }) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < iterations; i++) result = await run();
    return { seconds: Number(process.hrtime.bigint() - start) / 1e9 / iterations };
  },
  async save({ output }) {
    const data = result instanceof BigInt64Array ? Int32Array.from(result, Number) : result;
    writeFileSync(output, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    return {};
  },
  async versions() {
    return { text: `transformers.js ${version('@huggingface/transformers')} with onnxruntime-node ${version('onnxruntime-node')} and ${threads} threads, sharp ${version('sharp')}, Node.js ${process.versions.node}` };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const request = JSON.parse(line);
    answer = await operations[request.op](request);
  } catch (error) {
    answer = { error: String(error?.message ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
process.exit(0);
