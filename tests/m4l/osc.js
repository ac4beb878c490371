// OSC 1.0 as Max's udpsend and udpreceive speak it: whole numbers are ints, others 32-bit floats, symbols UTF-8 strings.
"use strict";

function padded(bytes) {
    return Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
}

function encode(address, values) {
    let tags = ",";
    const parts = [];
    for (const value of values) {
        if (typeof value === "string") {
            tags += "s";
            parts.push(padded(Buffer.from(value, "utf8")));
        } else {
            const bytes = Buffer.alloc(4);
            const whole = Number.isInteger(value) && Math.abs(value) < 2 ** 31;
            tags += whole ? "i" : "f";
            whole ? bytes.writeInt32BE(value) : bytes.writeFloatBE(value);
            parts.push(bytes);
        }
    }
    return Buffer.concat([padded(Buffer.from(address, "utf8")), padded(Buffer.from(tags)), ...parts]);
}

function text(bytes, at) {
    const end = bytes.indexOf(0, at);
    return [bytes.toString("utf8", at, end), end + 4 - (end % 4)];
}

function decode(bytes) {
    let address, tags, at;
    [address, at] = text(bytes, 0);
    [tags, at] = text(bytes, at);
    const values = [];
    for (const tag of tags.slice(1)) {
        if (tag === "s") {
            let word;
            [word, at] = text(bytes, at);
            values.push(word);
        } else if (tag === "i" || tag === "f") {
            values.push(tag === "i" ? bytes.readInt32BE(at) : bytes.readFloatBE(at));
            at += 4;
        } else if (tag === "T" || tag === "F") {
            values.push(tag === "T" ? 1 : 0);
        } else {
            throw new Error(`udpreceive does not know the OSC type ${tag} in ${address}`);
        }
    }
    return [address, ...values];
}

module.exports = {encode, decode};
