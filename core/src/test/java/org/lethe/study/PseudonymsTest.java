package org.lethe.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.Chain;
import org.lethe.Named;
import org.lethe.Personal;
import org.lethe.Request;

class PseudonymsTest {
    @Named("drop")
    record Drop(
            String by,
            @Personal(value = "people", with = "by: name") List<String> who) implements Request {}

    @Named("erase")
    record Erase(@Personal List<String> users, Drop inner) implements Request {}

    private static Pseudonyms counted() {
        byte[] key = new byte[32];
        for (byte k = 0; k < key.length; k++) {
            key[k] = k;
        }
        return Pseudonyms.of(key);
    }

    private static String of(String... ids) {
        return counted().of(new Pseudonyms.Listed("users", List.of(ids)));
    }

    @Test
    void aListIsShownByItsLengthAndAnHmac() {
        // hmac.new(bytes(range(32)), b"2:u1" + b"3:\xc3\xbc2", "sha256").hexdigest()[:16]
        assertEquals("2 listed users (digest 0ce9308cda632a6f)", of("u1", "ü2"));
        assertEquals(of("u1", "ü2"), of("ü2", "u1"), "the order of a request does not matter");
        assertTrue(Pseudonyms.FORM.matcher(of("u1")).matches(), of("u1"));
        assertTrue(of("u1").startsWith("1 listed user ("), of("u1"));
        assertNotEquals(of("a", "bc"), of("ab", "c"));
        assertNotEquals(of("u1"), Pseudonyms.fresh().of(new Pseudonyms.Listed("users", List.of("u1"))));
    }

    @Test
    void listsAreFoundInChainsAndInSettingsOfSettings() {
        Erase erase = new Erase(List.of("u1"), new Drop("name", List.of("ann", "bob")));
        assertEquals(
                List.of(
                        new Pseudonyms.Listed("people", List.of("eve")),
                        new Pseudonyms.Listed("users", List.of("u1")),
                        new Pseudonyms.Listed("people", List.of("ann", "bob"))),
                Pseudonyms.in(new Chain(List.of(new Drop("name", List.of("eve")), erase))));
        assertEquals(List.of(), Pseudonyms.in(new Drop("label", List.of("blue"))));
        assertEquals(List.of(), Pseudonyms.in(new Drop("name", List.of())));
        assertEquals("drop {by: label, who: [blue]}", Words.full(new Drop("label", List.of("blue"))));
        assertTrue(
                Words.full(erase).matches(".*users: 1 listed user \\(.*who: 2 listed people \\(.*"), Words.full(erase));
    }

    @Test
    void messagesLoseIdsThatStandAsWords() {
        List<Pseudonyms.Listed> lists = List.of(
                new Pseudonyms.Listed("users", List.of("u17", "ann.b@example.org", "5")),
                new Pseudonyms.Listed("interactions", List.of("spotify:user:u9:track:t3")));
        assertEquals(
                "… is unknown, as are \"…\" and …; row 5 of u170 stays",
                Pseudonyms.hidden(
                        "u17 is unknown, as are \"ann.b@example.org\" and spotify:user:u9; row 5 of u170 stays",
                        lists));
        assertEquals("\tat Foo.bar(Foo.java:171)", Pseudonyms.hidden("\tat Foo.bar(Foo.java:171)", lists));
        assertEquals("…", Pseudonyms.hidden("spotify:user:u9:track:t3", lists));
    }
}
