package org.lethe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PrintableTest {
    @Test
    void commandsOfTerminalsBecomeTheirCodes() {
        assertEquals("a\\u001b[2Jb\\u0007\\u009b", Printable.text("a\u001b[2Jb\u0007\u009b"));
        assertEquals("\\u202e\\ud800\\u2028\\udb40\\udc01", Printable.text("\u202e\ud800\u2028\udb40\udc01"));
        assertEquals("one\\u000atwo\\u000d", Printable.text("one\ntwo\r"));
        assertEquals("one\n\ttwo\\u000d", Printable.lines("one\n\ttwo\r"));
    }

    @Test
    void writingStaysAsItIs() {
        String text = "Käse, 奶酪, جبن, 🧀, \"quoted\" \\ back";
        assertEquals(text, Printable.text(text));
        assertEquals(text, Printable.text(Printable.text(text)));
    }

    @Test
    void aMessageIsSafeWhateverItCites() {
        LetheException e = new LetheException(LetheException.Code.DATA, "column \"\u001bc\"\nof a.csv");
        assertEquals("column \"\\u001bc\"\nof a.csv", e.getMessage());
    }
}
