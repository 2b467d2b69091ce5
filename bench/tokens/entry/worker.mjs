import { answer } from "../answer.mjs";

export default {
  async fetch({ url }, { KEYS }) {
    return new Response(await answer(url, JSON.parse(KEYS)));
  },
};
