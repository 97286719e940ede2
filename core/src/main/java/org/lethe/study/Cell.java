package org.lethe.study;

import java.util.List;
import java.util.stream.Collectors;
import org.lethe.Audit;
import org.lethe.Chain;
import org.lethe.DataSource;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;

/**
 * One point of a study's product: what is trained, asked, carried out and audited, with which seed.
 *
 * @param study the study it belongs to
 * @param data the data set
 * @param dataDigest SHA-256 of its files, empty where the settings alone decide the data
 * @param model the model
 * @param request what is asked
 * @param method who carries it out
 * @param reference the method that others are compared with
 * @param seed of every draw of chance
 * @param role why the method is here
 * @param <D> the data the subject trains on
 * @param <M> the models of the subject
 */
public record Cell<D, M>(
        Study<D, M> study,
        DataSource<D> data,
        String dataDigest,
        Learner<D, M> model,
        Request request,
        Method<D, M> method,
        Method<D, M> reference,
        long seed,
        Run.Role role) {

    /** Everything the findings depend on, one line each, with every setting. */
    public String text() {
        return """
                lethe cell, format %d
                subject: %s
                data: %s
                data digest: %s
                model: %s
                request: %s
                method: %s
                reference: %s
                audit: %s
                seed: %d
                """.formatted(
                        RunFolder.FORMAT,
                        study.subject().name(),
                        Words.full(data),
                        dataDigest,
                        Words.full(model),
                        Words.full(request),
                        Words.full(method),
                        Words.full(reference),
                        study.audits().stream().map(Words::full).collect(Collectors.joining("; ")),
                        seed);
    }

    /** SHA-256 of {@link #text()}, in hex. */
    public String digest() {
        return RunFolder.sha256(text());
    }

    /** The coordinates as a study file would write them, without what is as usual. */
    public Run.Recipe recipe() {
        return new Run.Recipe(study.subject().name(), brief(data), brief(model), brief(request), brief(method), seed);
    }

    private String brief(Object entry) {
        return entry instanceof Chain chain
                ? Words.chained(chain, this::brief)
                : Words.brief(entry, study.prototype(entry));
    }

    /** The audits, in the study's order. */
    List<Audit<D, M>> audits() {
        return study.audits();
    }
}
