// The line of a round's phone to the server.

import { queueOf } from "./line.js";
import * as store from "./store.js";

export { hello, packLives, takePack } from "./line.js";

export const { send } = queueOf(store);
