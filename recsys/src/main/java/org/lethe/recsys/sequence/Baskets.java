package org.lethe.recsys.sequence;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lethe.Audit;
import org.lethe.DataSource;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.recsys.neural.Sets2Sets;
import org.lethe.recsys.stream.Decrement;
import org.lethe.recsys.stream.Drift;
import org.lethe.recsys.stream.ErasureStream;
import org.lethe.recsys.stream.Filter;
import org.lethe.recsys.stream.Latency;
import org.lethe.recsys.stream.Retrain;
import org.lethe.recsys.stream.SequenceUtility;
import org.lethe.recsys.stream.StoredSequenceModels;

/** The subject of next-basket recommendation: what will somebody buy next time? */
public final class Baskets implements Subject<Events, NextItems> {
    @Override
    public String name() {
        return "baskets";
    }

    @Override
    public List<DataSource<Events>> data() {
        return List.of(
                new PlantedBaskets(),
                new TaFeng(),
                new OnlineRetail(),
                new Bandwagon(new PlantedBaskets(), 0.01, 10, 1),
                new BasketFile());
    }

    @Override
    public List<Learner<Events, NextItems>> models() {
        return List.of(new TifuKnn(), new UpCf(), new Frequency(), new Sets2Sets());
    }

    @Override
    public List<Request> requests() {
        return List.of(new ErasureStream());
    }

    @Override
    public List<Method<Events, NextItems>> methods() {
        return List.of(new Retrain(), new Decrement(), new Filter());
    }

    @Override
    public List<Audit<Events, NextItems>> audits() {
        return List.of(new SequenceUtility(), new Drift(), new Latency<>());
    }

    @Override
    public Method<Events, NextItems> reference(Request request) {
        return new Retrain();
    }

    @Override
    public Events remaining(Request request, Events data) {
        return request instanceof ErasureStream stream ? stream.on(data).after(stream.requests(), data) : data;
    }

    @Override
    public void save(NextItems model, Map<String, String> provenance, Path file) throws IOException {
        StoredSequenceModels.save(model, provenance, file);
    }

    @Override
    public NextItems load(Path file) throws IOException {
        return StoredSequenceModels.load(file);
    }
}
