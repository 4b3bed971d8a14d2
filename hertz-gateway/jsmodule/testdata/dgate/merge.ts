import { fetch } from "dgate/http";

export const requestHandler = async (ctx) => {
    return Promise.allSettled([
        fetch("https://parts.example/one"),
        fetch("https://parts.example/two"),
        fetch("https://parts.example/down"),
    ]).then(async (results) => {
        let merged = {};
        for (const result of results) {
            if (result.status === "fulfilled") {
                merged = { ...merged, ...(await result.value.json()) };
            }
        }
        return ctx.response().status(200).json(merged);
    });
};
