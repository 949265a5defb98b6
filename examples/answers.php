<?php
// Tells browsers the time when they ask for it, in PHP: php examples/answers.php [host] [port]
// In a page: cometd.remoteCall("/clock", {zone: "Europe/Berlin"}, (answer) => console.log(answer.data));

$irc = fsockopen($argv[1] ?? '127.0.0.1', (int) ($argv[2] ?? 6667)) ?: exit(1);

function send(string $line): void
{
    global $irc;
    fwrite($irc, "$line\r\n");
}

function answer(mixed $data): array
{
    try {
        $zone = new DateTimeZone($data['zone'] ?? 'UTC');
        return ['data' => ['time' => (new DateTimeImmutable('now', $zone))->format(DATE_ATOM)]];
    } catch (Throwable) {
        return ['error' => 'ask with {"zone": "Europe/Berlin"}'];
    }
}

send('NICK clock');
send('USER clock 0 * :tells the time');
while (($line = fgets($irc)) !== false) {
    if (preg_match('/^PING (.*)\r/', $line, $match)) {
        send("PONG $match[1]");
    } elseif (preg_match('/^\S+ 001 /', $line)) {
        send('JOIN #service.clock');
    } elseif (preg_match('/ PRIVMSG #service\.clock :(\{.*\})/', $line, $match)) {
        $question = json_decode($match[1], true);
        if (isset($question['call'])) {
            $reply = ['reply' => $question['call']] + answer($question['data'] ?? null);
            send('PRIVMSG #service.clock :' . json_encode($reply, JSON_UNESCAPED_UNICODE));
        }
    }
}
