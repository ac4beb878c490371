"""Another program on Link: `link_peer.py TEMPO` says "time beat tempo peers" all the while, until stdin closes."""

import asyncio
import sys
import time

import aalink


async def main(tempo: float) -> None:
    link = aalink.Link(tempo)
    link.enabled = True
    link.quantum = 4.0
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    while not ended.done():
        beat = link.beat
        print(time.monotonic(), beat, link.tempo, link.num_peers, flush=True)
        if link.num_peers and abs(link.tempo - tempo) > 0.01:
            link.tempo = tempo
        await asyncio.sleep(0.02)
    link.enabled = False


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
