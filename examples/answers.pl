#!/usr/bin/env perl
# Answers browsers that ask it, in Perl: perl examples/answers.pl [host] [port]
# In a page: cometd.remoteCall("/upper", {text: "hello"}, (answer) => console.log(answer.data));   // {"text": "HELLO"}
use strict;
use warnings;
use utf8;
use IO::Socket::INET;
use JSON::PP;

my ($host, $port) = ($ARGV[0] // "127.0.0.1", $ARGV[1] // 6667);
my $irc = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) or die "cannot connect: $!\n";
$irc->autoflush(1);
my $json = JSON::PP->new->utf8->canonical;
sub say_line { print {$irc} "$_[0]\r\n" }

say_line('NICK upper');
say_line('USER upper 0 * :answers questions');
while (my $line = <$irc>) {
    $line =~ s/\r?\n\z//;
    if ($line =~ /^PING (.*)/) { say_line("PONG $1") }
    elsif ($line =~ /^\S+ 001 /) { say_line('JOIN #service.upper') }
    elsif ($line =~ / PRIVMSG #service\.upper :(\{.*)/) {
        my $question = eval { $json->decode($1) };
        next unless ref $question eq 'HASH' && defined $question->{call};
        my $text = ref $question->{data} eq 'HASH' ? $question->{data}{text} : undef;
        my %answer = defined $text ? (data => { text => uc $text }) : (error => 'ask with {"text": "..."}');
        say_line('PRIVMSG #service.upper :' . $json->encode({ reply => $question->{call}, %answer }));
    }
}
