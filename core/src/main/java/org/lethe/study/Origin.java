package org.lethe.study;

import org.lethe.Device;
import org.lethe.Method;
import org.lethe.Request;

/**
 * The origin of a model in words: the learning, and the requests fulfilled on it. The SHA-256 of the text is the name
 * under which a run folder keeps the model.
 *
 * @param text one line for each thing that the model depends on
 */
record Origin(String text) {
    /** Learned, in the form a method needs, before any request. */
    static <D, M> Origin learned(Cell<D, M> cell, Method<D, M> method) {
        return new Origin("""
                lethe model, format %d
                lethe: %s
                subject: %s
                data: %s
                data digest: %s
                model: %s
                learned: %s
                seed: %d
                %s""".formatted(
                        RunFolder.FORMAT,
                        Versions.ofLethe(),
                        cell.study().subject().name(),
                        cell.study().full(cell.data()),
                        cell.dataDigest(),
                        cell.study().full(cell.model()),
                        method.learnsPlainly() ? "plainly" : cell.study().full(method),
                        cell.seed(),
                        device(cell.device())));
    }

    /** The model that the same learning gives on what a request leaves of the data. */
    Origin without(Study<?, ?> study, Request request) {
        return new Origin("""
                lethe model, format %d
                as: %s
                without: %s
                """.formatted(RunFolder.FORMAT, digest(), study.full(request)));
    }

    /** This model after a request. */
    Origin fulfilled(Study<?, ?> study, Request request, Method<?, ?> method) {
        return new Origin("""
                lethe model, format %d
                before: %s
                request: %s
                method: %s
                """.formatted(RunFolder.FORMAT, digest(), study.full(request), study.full(method)));
    }

    /** A line for a device other than the processor. */
    static String device(Device device) {
        return device.equals(Device.CPU) ? "" : "device: " + device + "\n";
    }

    /** SHA-256 of the text, in hex. */
    String digest() {
        return RunFolder.sha256(text);
    }
}
