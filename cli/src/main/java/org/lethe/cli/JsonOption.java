package org.lethe.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The choice between output for people and output for programs. */
final class JsonOption {
    @Option(names = "--json", description = "Print JSON, for programs.")
    private boolean json;

    /** Prints {@code value} as JSON if that is asked for; otherwise runs the printing for people. */
    void print(CommandSpec spec, Object value, Runnable forPeople) {
        print(spec, () -> value, forPeople);
    }

    /** The same with a value that takes time. */
    void print(CommandSpec spec, Supplier<?> value, Runnable forPeople) {
        if (!json) {
            forPeople.run();
            return;
        }
        try {
            spec.commandLine()
                    .getOut()
                    .println(new ObjectMapper()
                            .registerModule(new Jdk8Module())
                            .enable(SerializationFeature.INDENT_OUTPUT)
                            .writeValueAsString(value.get()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a value of our own does not print as JSON", e);
        }
    }
}
