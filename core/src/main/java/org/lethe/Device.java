package org.lethe;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where models compute: {@code cpu}, {@code cuda} for the first graphics card, or {@code cuda:n}. It is a name alone; the
 * {@code torch} module says whether this machine has it.
 *
 * @param kind processor or card
 * @param index number of the card, from 0; 0 for the processor
 */
public record Device(Kind kind, int index) {
    /** The kinds of hardware. */
    public enum Kind {
        /** The processor. */
        CPU,
        /** An NVIDIA card. */
        CUDA
    }

    /** The processor, which every machine has. */
    public static final Device CPU = new Device(Kind.CPU, 0);

    private static final Pattern FORM = Pattern.compile("(cpu)|cuda(?::(\\d{1,3}))?");

    public Device {
        Check.require(index >= 0 && index <= 127, "device index", index, "0 to 127");
        Check.require(kind == Kind.CUDA || index == 0, "device index", index, "0 for the cpu");
    }

    /** The device of a name. */
    public static Device parse(String name) {
        Matcher form = FORM.matcher(name);
        Check.require(form.matches(), "device", name, "cpu, cuda or cuda:n, where n counts the cards from 0");
        if (form.group(1) != null) {
            return CPU;
        }
        return new Device(Kind.CUDA, form.group(2) == null ? 0 : Integer.parseInt(form.group(2)));
    }

    /** The name that {@link #parse} reads; a card always with its number, so that one device has one name. */
    @Override
    public String toString() {
        return kind == Kind.CPU ? "cpu" : "cuda:" + index;
    }
}
