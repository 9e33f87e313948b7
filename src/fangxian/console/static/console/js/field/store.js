// What the phone of a round keeps.

import { keepIn } from "./keep.js";

export const { getPack, putPack, dropPack, getState, putState, waiting, settle, forgive, answers, clearAnswers } = keepIn("fangxian-field");
