// Hooks out of another module: one exported again, one that is not exported.
export { requestModifier } from './inner';
import { responseModifier as inner } from './inner';

const responseModifier = async (ctx) => {
    console.log('responseModifier of outer');
    return inner(ctx);
};
