package org.lethe.study;

import java.util.List;
import org.lethe.Audit;
import org.lethe.Chain;
import org.lethe.DataSource;
import org.lethe.Device;
import org.lethe.Learner;
import org.lethe.Legs;
import org.lethe.Request;

/**
 * One point of a study's product: what is trained, asked, carried out and audited, with which seed.
 *
 * @param study the study it belongs to
 * @param data the data set
 * @param dataDigest SHA-256 of its files, empty where the settings alone decide the data
 * @param model the model
 * @param request what is asked
 * @param method what carries it out
 * @param reference what others are compared with
 * @param seed of all random draws
 * @param role why the method is here
 * @param audits those of the study that have something to measure here, in its order
 * @param device where models with layers compute
 * @param <D> the data the subject trains on
 * @param <M> the models of the subject
 */
public record Cell<D, M>(
        Study<D, M> study,
        DataSource<D> data,
        String dataDigest,
        Learner<D, M> model,
        Request request,
        Legs<D, M> method,
        Legs<D, M> reference,
        long seed,
        Run.Role role,
        List<Audit<D, M>> audits,
        Device device) {

    /** Everything the models of this cell depend on, one line each, with every setting. */
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
                seed: %d
                %s""".formatted(
                        RunFolder.FORMAT,
                        study.subject().name(),
                        study.full(data),
                        dataDigest,
                        study.full(model),
                        study.full(request),
                        study.full(method),
                        study.full(reference),
                        seed,
                        Origin.device(device));
    }

    /** SHA-256 of {@link #text()}, in hex. */
    public String digest() {
        return RunFolder.sha256(text());
    }

    /** Everything the result of an audit depends on. */
    String text(Audit<D, M> audit) {
        return """
                lethe audit, format %d
                cell: %s
                audit: %s
                """.formatted(RunFolder.FORMAT, digest(), study.full(audit));
    }

    /** The same with another seed. */
    Cell<D, M> seeded(long seed) {
        return new Cell<>(study, data, dataDigest, model, request, method, reference, seed, role, audits, device);
    }

    /** The origin of the model that is judged. */
    Origin origin() {
        return origin(method);
    }

    /** The origin of the model after some methods; doing nothing leaves a model as it is. */
    Origin origin(Legs<D, M> legs) {
        Origin origin = Origin.learned(this, legs.first());
        List<Request> steps = Chain.steps(request);
        for (int n = 0; n < steps.size(); n++) {
            if (!Legs.of(legs.at(n)).doNothing()) {
                origin = origin.fulfilled(study, steps.get(n), legs.at(n));
            }
        }
        return origin;
    }

    /** The coordinates as a study file would write them, without settings at their defaults. */
    public Run.Recipe recipe() {
        return new Run.Recipe(
                study.subject().name(),
                study.brief(data),
                study.brief(model),
                study.brief(request),
                study.brief(method),
                seed);
    }
}
