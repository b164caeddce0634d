// 1.1 changes the queue, not the pictures: its hashes are those of 1.0.
export { decode } from '../1.0/decode.ts';
